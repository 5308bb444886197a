#include "guard/telemetry/exposition.h"

#include <limits>
#include <sstream>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "base/utf8.h"
#include "guard/telemetry/catalogue.h"

namespace guard::telemetry {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

prometheus::MetricType translate(MetricType type) {
  switch (type) {
    case MetricType::counter: return prometheus::MetricType::Counter;
    case MetricType::gauge: return prometheus::MetricType::Gauge;
    case MetricType::histogram: return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

prometheus::ClientMetric labelled(const Labels& labels) {
  prometheus::ClientMetric metric;
  metric.label.reserve(labels.size());
  for (const auto& [name, value] : labels) metric.label.push_back({std::string(name), base::to_valid_utf8(value)});
  return metric;
}

}  // namespace

struct Exposition::Impl {
  std::vector<prometheus::MetricFamily> families;  // one for each entry of the catalogue
};

Exposition::Exposition() : impl_(std::make_unique<Impl>()) {
  impl_->families.reserve(catalogue().size());
  for (const MetricDefinition& definition : catalogue()) {
    impl_->families.push_back(
        {std::string(definition.name), std::string(definition.help), translate(definition.type), {}});
  }
}

Exposition::~Exposition() = default;

void Exposition::add(std::string_view name, const Labels& labels, double value) {
  prometheus::MetricFamily& family = impl_->families[index_of(name)];
  prometheus::ClientMetric metric = labelled(labels);
  if (family.type == prometheus::MetricType::Counter)
    metric.counter.value = value;
  else
    metric.gauge.value = value;
  family.metric.push_back(std::move(metric));
}

void Exposition::add(std::string_view name, const Labels& labels, const sample::Reading<base::Bytes>& bytes) {
  if (bytes) add(name, labels, bytes->is_unlimited() ? kInfinity : static_cast<double>(bytes->count));
}

void Exposition::add(std::string_view name, const Labels& labels, const sample::Reading<base::Duration>& duration) {
  if (duration) add(name, labels, *duration == base::Duration::max() ? kInfinity : base::to_seconds(*duration));
}

void Exposition::add(std::string_view name, const Labels& labels, const sample::Reading<base::Cores>& cores) {
  if (cores) add(name, labels, cores->count);
}

void Exposition::add(std::string_view name, const Labels& labels, const sample::Reading<std::uint64_t>& count) {
  if (count) add(name, labels, static_cast<double>(*count));
}

void Exposition::add(std::string_view name, const Labels& labels, const sample::Reading<double>& number) {
  if (number) add(name, labels, *number);
}

void Exposition::add(std::string_view name, const Labels& labels, const DurationHistogram& histogram) {
  prometheus::ClientMetric metric = labelled(labels);
  metric.histogram.sample_count = histogram.count;
  metric.histogram.sample_sum = histogram.sum_seconds;
  for (std::size_t i = 0; i < DurationHistogram::kBounds.size(); ++i) {
    metric.histogram.bucket.push_back({histogram.at_most[i], DurationHistogram::kBounds[i]});
  }
  metric.histogram.bucket.push_back({histogram.count, kInfinity});
  impl_->families[index_of(name)].metric.push_back(std::move(metric));
}

std::string Exposition::text() const {
  std::vector<prometheus::MetricFamily> filled;
  for (const prometheus::MetricFamily& family : impl_->families) {
    if (!family.metric.empty()) filled.push_back(family);
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, filled);
  return std::move(out).str();
}

}  // namespace guard::telemetry

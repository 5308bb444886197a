#include "guard/telemetry/exposition.h"

#include <limits>
#include <sstream>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

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
  for (const auto& [name, value] : labels) metric.label.push_back({std::string(name), to_valid_utf8(value)});
  return metric;
}

// The length of the UTF-8 sequence that `text` begins with, or 0 when it is not valid.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xC2 ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, and code points above U+10FFFF.
  if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) || (first == 0xF0 && byte(1) < 0x90) ||
      (first == 0xF4 && byte(1) > 0x8F)) {
    return 0;
  }
  return length;
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

std::string to_valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      valid += "\xEF\xBF\xBD";
      text.remove_prefix(1);
    } else {
      valid += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return valid;
}

}  // namespace guard::telemetry

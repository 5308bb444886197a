#pragma once
// Serializes samples of catalogued metrics in the Prometheus text format; prometheus-cpp is used in exposition.cc only.
// A single invalid byte would make Prometheus drop the whole scrape, so bytes of label values that are not UTF-8 become
// U+FFFD.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "guard/sample/reading.h"
#include "guard/telemetry/report.h"

namespace guard::telemetry {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

class Exposition {
 public:
  Exposition();
  ~Exposition();
  Exposition(const Exposition&) = delete;
  Exposition& operator=(const Exposition&) = delete;

  void add(std::string_view name, const Labels& labels, double value);
  // An absent reading adds no sample: a missing series means "unknown", a zero would mean "none".
  void add(std::string_view name, const Labels& labels, const sample::Reading<base::Bytes>& bytes);
  void add(std::string_view name, const Labels& labels, const sample::Reading<base::Duration>& duration);
  void add(std::string_view name, const Labels& labels, const sample::Reading<base::Cores>& cores);
  void add(std::string_view name, const Labels& labels, const sample::Reading<std::uint64_t>& count);
  void add(std::string_view name, const Labels& labels, const sample::Reading<double>& number);
  void add(std::string_view name, const Labels& labels, const DurationHistogram& histogram);

  // In the order of the catalogue, without empty families.
  [[nodiscard]] std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace guard::telemetry

#pragma once
// Collects samples of catalogued metrics and writes them in Prometheus' text format. prometheus-cpp is met in
// exposition.cc alone. One invalid byte would lose the whole scrape, so label values are mended here: bytes that are
// not UTF-8 become U+FFFD.

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
  // Adds nothing when the reading is absent: a missing series says "not known", a zero would say "none".
  void add(std::string_view name, const Labels& labels, const sample::Reading<base::Bytes>& bytes);
  void add(std::string_view name, const Labels& labels, const sample::Reading<base::Duration>& duration);
  void add(std::string_view name, const Labels& labels, const sample::Reading<base::Cores>& cores);
  void add(std::string_view name, const Labels& labels, const sample::Reading<std::uint64_t>& count);
  void add(std::string_view name, const Labels& labels, const sample::Reading<double>& number);
  void add(std::string_view name, const Labels& labels, const DurationHistogram& histogram);

  // In the catalogue's order; families without a sample are left out.
  [[nodiscard]] std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The text with every byte that is not part of valid UTF-8 replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

}  // namespace guard::telemetry

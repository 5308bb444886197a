// Every text is either refused with a short message or read as a value that can be written and is not negative.

#include "../fuzz.h"
#include "base/units.h"

namespace {

constexpr std::size_t kMaxMessage = 200;

template <class Value>
bool is_refused_shortly(const base::Result<Value>& read) {
  if (read) return false;
  fuzz::require(read.error().code == base::Code::invalid_argument, "a wrong text is an invalid argument");
  fuzz::require(read.error().message.size() < kMaxMessage, "a message is short whatever the text");
  return true;
}

void check_bytes(std::string_view text) {
  const auto read = base::parse_bytes(text);
  if (is_refused_shortly(read)) return;
  fuzz::require(read->count >= 0, "a size is not negative");
  if (read->is_unlimited()) return;
  const auto again = base::parse_bytes(base::format_bytes(*read));
  // Written with one decimal: within a tenth of its unit, which is at most 1/1000 of the next one.
  if (again) {
    const auto gap = static_cast<double>(read->count) - static_cast<double>(again->count);
    fuzz::require(gap <= 0.051 * static_cast<double>(read->count) && -gap <= 0.051 * static_cast<double>(read->count),
                  "a size written and read again is about the same");
  }
}

void check_duration(std::string_view text) {
  const auto read = base::parse_duration(text);
  if (is_refused_shortly(read)) return;
  fuzz::require(*read >= base::Duration::zero(), "a duration is not negative");
  fuzz::require(!base::format_duration(*read).empty(), "a duration can be written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  check_bytes(text);
  check_duration(text);
  if (const auto cores = base::parse_cores(text); !is_refused_shortly(cores)) {
    fuzz::require(cores->count >= 0 && !cores->is_unlimited(), "a number of cores is finite and not negative");
  }
  if (const auto ratio = base::parse_ratio(text); !is_refused_shortly(ratio)) {
    fuzz::require(ratio->value >= 0, "a ratio is not negative");
    fuzz::require(!base::format_ratio(*ratio).empty(), "a ratio can be written");
  }
  return 0;
}

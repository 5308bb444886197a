// The words of a recording's fields.

#include <algorithm>
#include <cmath>
#include <string>

#include "../fuzz.h"
#include "agent/recording/fields.h"

namespace recording = agent::recording;

namespace {

std::string quoted(const std::vector<std::string>& fields) {
  std::string row;
  for (const auto& field : fields) {
    row += row.empty() ? "\"" : ",\"";
    for (const char letter : field) row += letter == '"' ? "\"\"" : std::string(1, letter);
    row += '"';
  }
  return row;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  std::vector<std::string> fields;
  if (recording::split_row(text, fields)) {
    fuzz::require(!fields.empty(), "a row has a field");
    std::vector<std::string> again;
    fuzz::require(recording::split_row(quoted(fields), again) && again == fields, "quoting changes no field");
  }
  if (const auto time = recording::parse_time(text)) {
    fuzz::require(std::fabs(*time) < 1e12, "a time is within reason");
    fuzz::require(!recording::format_time(*time).empty(), "a time can be told");
  }
  if (const auto bytes = recording::docker_size(text)) fuzz::require(*bytes >= 0, "a size is not negative");
  if (const auto scale = recording::scale_of(text)) fuzz::require(*scale >= 1, "a unit is a byte at least");
  return 0;
}

// Whatever a file holds: it is read as one of the forms or refused in words, and no sample is out of a number's range.

#include <cmath>
#include <sstream>
#include <string>

#include "../fuzz.h"
#include "agent/recording/recording.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in(std::string(fuzz::text_of(data, size)));
  const auto sink = [](const agent::recording::RecordedSample& sample) -> base::Status {
    fuzz::require(std::isfinite(sample.seconds), "a sample has a time");
    fuzz::require(!sample.bytes || std::isfinite(*sample.bytes), "bytes are a number or missing");
    return {};
  };
  const auto read = agent::recording::read_recording(in, {}, sink);
  fuzz::require(read || !read.error().message.empty(), "a refusal says why");
  return 0;
}

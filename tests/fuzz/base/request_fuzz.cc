// A request means the same in whatever pieces it comes: parsed whole and byte by byte it gives one result.

#include <algorithm>
#include <string>

#include "../fuzz.h"
#include "base/http_parser.h"

namespace {

using Step = base::HttpRequestParser::Step;

constexpr std::size_t kMaxHeader = 512;
constexpr std::size_t kMaxBody = 64;

struct Outcome {
  Step step = Step::need_more;
  int status = 0;
  base::HttpRequest request;
  std::size_t taken = 0;
};

Outcome parse(std::string_view text, std::size_t piece) {
  base::HttpRequestParser parser(kMaxHeader, kMaxBody);
  Outcome outcome;
  std::size_t come = 0;
  while (come < text.size() && outcome.step == Step::need_more) {
    come += std::min(piece, text.size() - come);
    do {
      std::size_t taken = 0;
      outcome.step = parser.feed(text.substr(outcome.taken, come - outcome.taken), taken);
      outcome.taken += taken;
    } while (outcome.step == Step::header_done);
  }
  outcome.status = parser.failure_status();
  if (outcome.step == Step::done) outcome.request = parser.take();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto whole = parse(text, size);
  const auto piecewise = parse(text, 1);
  // Of a request that is not complete, what is wrong may be seen sooner when more comes at once.
  fuzz::require((whole.step == Step::done) == (piecewise.step == Step::done),
                "acceptance does not depend on the pieces");
  fuzz::require(piecewise.step != Step::failed || whole.step == Step::failed, "what fails in pieces fails whole");
  if (whole.step == Step::done) {
    fuzz::require(whole.taken == piecewise.taken, "the end does not depend on the pieces");
    fuzz::require(whole.request.path == piecewise.request.path, "the path does not depend on the pieces");
    fuzz::require(whole.request.body == piecewise.request.body, "the body does not depend on the pieces");
    fuzz::require(whole.request.headers == piecewise.request.headers, "the headers do not depend on the pieces");
    fuzz::require(whole.request.body.size() <= kMaxBody, "the body is within its bound");
  }
  if (whole.step == Step::failed) fuzz::require(whole.status >= 400 && whole.status < 600, "a failure has its status");
  return 0;
}

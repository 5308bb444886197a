#include "guard/action/shed_request.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/http_client.h"
#include "base/plain_file.h"

namespace guard::action {
namespace {

using base::Code;
using base::fail;

constexpr std::chrono::seconds kDeadline{10};
constexpr std::size_t kMaxAnswerBytes = 64u << 10;
constexpr std::size_t kMaxTokenBytes = 8u << 10;

// The file's first line, without blanks around it.
base::Result<std::string> read_token(const std::string& path) {
  auto read = base::read_plain_file(path, kMaxTokenBytes);
  if (!read) return fail(read.error().within("read the shed token"));
  std::string text = std::move(*read);
  text.resize(std::min(text.size(), text.find('\n')));
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == std::string::npos) return fail(Code::invalid_argument, "the shed token in " + path + " is empty");
  text = text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
  for (const char character : text)
    if (character <= ' ' || character > '~')
      return fail(Code::invalid_argument, "the shed token in " + path + " is not one word of plain characters");
  return text;
}

Code code_of(int status) {
  switch (status) {
    case 401:
    case 403: return Code::permission_denied;
    case 404: return Code::not_found;
    case 429: return Code::exhausted;
    default: return status >= 500 ? Code::unavailable : Code::conflict;
  }
}

}  // namespace

base::Status request_shed(const policy::Shed& shed, std::stop_token stop) {
  constexpr std::string_view kWhat = "shed request";
  if (!(shed.target.value >= 0 && shed.target.value <= 1))
    return fail(Code::invalid_argument, "a shed target must be between 0 and 1");
  base::FetchRequest request;
  request.method = "POST";
  request.url = shed.url;
  request.headers = {{"content-type", "application/json"}};
  if (!shed.token_file.empty()) {
    const auto token = read_token(shed.token_file);
    if (!token) return fail(token.error());
    request.headers.emplace_back("authorization", "Bearer " + *token);
  }
  request.body = nlohmann::json{{"target_ratio", shed.target.value}}.dump();
  request.total_timeout = kDeadline;
  request.max_body_bytes = kMaxAnswerBytes;
  request.stop = std::move(stop);
  const auto answer = base::fetch(request);
  if (!answer) return fail(answer.error().within(kWhat));
  // The answer's text stays out of the error: a server that echoes what it was sent would put the token there.
  if (answer->status < 200 || answer->status >= 300)
    return fail(code_of(answer->status), std::string(kWhat) + ": answered " + std::to_string(answer->status));
  return {};
}

}  // namespace guard::action

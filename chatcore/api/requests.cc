#include "chatcore/api/requests.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "chatcore/api/json_reader.h"

namespace chatcore::api {
namespace {

constexpr std::size_t kMaxIdBytes = 128;
constexpr std::uint64_t kMostShedBytes = std::uint64_t{1} << 60;

}  // namespace

std::optional<Problem> check_conversation_id(std::string_view id) {
  const auto problem = [](const char* why) {
    return bad_request("invalid_conversation_id", std::string("The conversation id ") + why, "conversationId");
  };
  if (id.empty()) return problem("must not be empty");
  if (id.size() > kMaxIdBytes) return problem("is longer than 128 bytes");
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
  if (std::ranges::any_of(id, is_control)) return problem("holds control characters");
  // The C1 controls U+0080 to U+009F.
  for (std::size_t i = 0; i + 1 < id.size(); ++i) {
    const auto next = static_cast<unsigned char>(id[i + 1]);
    if (static_cast<unsigned char>(id[i]) == 0xC2 && next < 0xA0) return problem("holds control characters");
  }
  // An id in a query never went through the JSON parser, which would have refused this.
  if (!base::is_valid_utf8(id)) return problem("is not valid UTF-8");
  return std::nullopt;
}

Parsed<AssistantRequest> parse_assistant_request(std::string_view body) {
  const auto object = parse_json_object(body);
  if (!object) return tl::unexpected(object.error());
  Fault fault;
  JsonReader reader(*object, "", fault);
  AssistantRequest request{.message = reader.required_text("message"),
                           .conversation_id = reader.text("conversationId")};
  if (std::ranges::all_of(request.message, [](unsigned char c) { return c <= ' '; })) {
    reader.refuse("message", "invalid_value", "\"message\" must not be empty");
  }
  if (!fault && reader.find("conversationId") != nullptr) fault = check_conversation_id(request.conversation_id);
  if (fault) return tl::unexpected(*fault);
  return request;
}

Parsed<ShedRequest> parse_shed_request(std::string_view body) {
  const auto object = parse_json_object(body);
  if (!object) return tl::unexpected(object.error());
  Fault fault;
  JsonReader reader(*object, "", fault);
  const bool in_bytes = reader.find("target_bytes") != nullptr;
  if (in_bytes == (reader.find("target_ratio") != nullptr)) {
    return tl::unexpected(bad_request("invalid_value", "Give either \"target_bytes\" or \"target_ratio\""));
  }
  ShedRequest request;
  if (in_bytes) {
    request.target_bytes =
        base::Bytes{static_cast<std::int64_t>(reader.whole_number("target_bytes", 0, kMostShedBytes))};
  } else {
    request.target_ratio = base::Ratio{reader.number("target_ratio", 0, 1).value_or(0)};
  }
  if (fault) return tl::unexpected(*fault);
  return request;
}

}  // namespace chatcore::api

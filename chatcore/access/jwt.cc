#include "chatcore/access/jwt.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "chatcore/access/user_name.h"

namespace chatcore::access {
namespace {

using nlohmann::json;

// Whoever made the token without the key learns nothing from this.
tl::unexpected<base::Error> refuse(std::string message = "The key or token is not valid") {
  return base::fail(base::Code::permission_denied, std::move(message));
}

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-') return 62;
  return c == '_' ? 63 : -1;
}

struct Parts {
  std::string_view signed_text;  // "header.payload"
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
};

std::optional<Parts> split(std::string_view token) {
  const auto first = token.find('.');
  if (token.size() > kMaxTokenBytes || first == std::string_view::npos) return std::nullopt;
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return Parts{.signed_text = token.substr(0, second),
               .header = token.substr(0, first),
               .payload = token.substr(first + 1, second - first - 1),
               .signature = token.substr(second + 1)};
}

bool is_signed(const Parts& parts, const std::vector<std::string>& secrets) {
  const auto signature = decode_base64url(parts.signature);
  return signature && std::ranges::any_of(secrets, [&](const std::string& secret) {
           return base::is_equal_in_constant_time(*signature,
                                                  base::view_of(base::hmac_sha256(secret, parts.signed_text)));
         });
}

// Nothing when it is no object, or when any object in it has a name twice: two readers could see two tokens then.
std::optional<json> parse_object(std::string_view encoded) {
  const auto text = decode_base64url(encoded);
  if (!text) return std::nullopt;
  std::vector<std::set<std::string>> names;
  bool twice = false;
  const auto watch = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) names.emplace_back();
    if (event == json::parse_event_t::object_end) names.pop_back();
    if (event == json::parse_event_t::key) twice |= !names.back().insert(parsed.get<std::string>()).second;
    return true;
  };
  json object = json::parse(*text, watch, false);
  if (object.is_discarded() || !object.is_object() || twice) return std::nullopt;
  return object;
}

bool is_header_understood(const json& header) {
  const auto algorithm = header.find("alg");
  if (algorithm == header.end() || *algorithm != "HS256") return false;
  if (header.contains("crit") || header.contains("b64")) return false;
  const auto type = header.find("typ");
  return type == header.end() || *type == "JWT" || *type == "jwt" || *type == "at+jwt";
}

// Seconds since the epoch, of which the standard allows fractions.
std::optional<double> time_of(const json& claim) {
  if (!claim.is_number()) return std::nullopt;
  const auto seconds = claim.get<double>();
  return std::isfinite(seconds) ? std::optional(seconds) : std::nullopt;
}

base::Status check_times(const json& claims, base::Duration leeway, base::WallTime now) {
  const double now_seconds = std::chrono::duration<double>(now.time_since_epoch()).count();
  const double leeway_seconds = std::chrono::duration<double>(leeway).count();
  if (const auto claim = claims.find("exp"); claim != claims.end()) {
    const auto expires = time_of(*claim);
    if (!expires) return refuse();
    if (now_seconds >= *expires + leeway_seconds) return refuse("The token has expired");
  }
  if (const auto claim = claims.find("nbf"); claim != claims.end()) {
    const auto begins = time_of(*claim);
    if (!begins) return refuse();
    if (now_seconds + leeway_seconds < *begins) return refuse("The token is not valid yet");
  }
  return {};
}

bool is_for(const json& claims, const std::string& audience) {
  const auto claim = claims.find("aud");
  if (audience.empty()) return true;
  if (claim == claims.end()) return false;
  if (!claim->is_array()) return *claim == audience;
  return std::find(claim->begin(), claim->end(), json(audience)) != claim->end();
}

bool is_from(const json& claims, const std::string& issuer) {
  const auto claim = claims.find("iss");
  return issuer.empty() || (claim != claims.end() && *claim == issuer);
}

std::string user_in(const json& claims) {
  if (const auto claim = claims.find("sub"); claim != claims.end()) {
    return claim->is_string() ? claim->get<std::string>() : std::string();
  }
  const auto claim = claims.find("userId");
  if (claim == claims.end()) return "";
  if (claim->is_number_unsigned()) return std::to_string(claim->get<std::uint64_t>());
  return claim->is_string() ? claim->get<std::string>() : std::string();
}

}  // namespace

std::optional<std::string> decode_base64url(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  unsigned held = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const int value = value_of(c);
    if (value < 0) return std::nullopt;
    held = (held << 6U | static_cast<unsigned>(value)) & 0xFFFFU;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(held >> bits & 0xFFU);
  }
  // Else several texts would stand for the same bytes.
  if ((held & ((1U << bits) - 1U)) != 0) return std::nullopt;
  return bytes;
}

base::Result<std::string> user_of_jwt(std::string_view token, const JwtRules& rules, base::WallTime now) {
  const auto parts = split(token);
  if (!parts || !is_signed(*parts, rules.secrets)) return refuse();
  const auto header = parse_object(parts->header);
  const auto claims = parse_object(parts->payload);
  if (!header || !claims || !is_header_understood(*header)) return refuse();
  if (const auto timely = check_times(*claims, rules.leeway, now); !timely) return base::fail(timely.error());
  if (!is_from(*claims, rules.issuer)) return refuse("The token is from another issuer");
  if (!is_for(*claims, rules.audience)) return refuse("The token is for another audience");
  std::string user = user_in(*claims);
  if (!is_user_name(user)) return refuse("The token names no user");
  return user;
}

}  // namespace chatcore::access

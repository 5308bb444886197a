#include "chatcore/setting_texts.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/http_host.h"
#include "base/http_text.h"

namespace chatcore {
namespace {

using base::Code;
using base::Status;
using Text = std::string_view;

bool is_off(Text text) { return text == "off" || text == "0"; }

// "127.0.0.1", "[::1]", or nothing for all addresses. A name is none: it may stand for several, or for others tomorrow.
bool is_numeric_address(Text host) {
  if (host.empty()) return true;
  const bool is_v6 = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_v6) host = host.substr(1, host.size() - 2);
  in6_addr address{};
  return inet_pton(is_v6 ? AF_INET6 : AF_INET, std::string(host).c_str(), &address) == 1;
}

}  // namespace

Status parse_text(Text text, std::string& value) {
  value = text;
  return {};
}

Status parse_duration(Text text, base::Duration& value) {
  if (is_off(text)) {
    value = base::Duration{0};
    return {};
  }
  const auto parsed = base::parse_duration(text);
  if (!parsed) return base::fail(parsed.error());
  value = *parsed;
  return {};
}

Status parse_wait(Text text, base::Duration& value) {
  // Within less than this no backend answers and no user writes: the unit is wrong.
  constexpr std::chrono::milliseconds kLeast{100};
  if (auto parsed = parse_duration(text, value); !parsed || value == base::Duration::zero() || value >= kLeast) {
    return parsed;
  }
  return base::fail(base::Code::invalid_argument,
                    '"' + std::string(text) + "\" is less than the minimum of 100ms; write a unit, such as 5s or 2m");
}

Status parse_bytes(Text text, base::Bytes& value) {
  if (is_off(text)) {
    value = {0};
    return {};
  }
  const auto parsed = base::parse_bytes(text);
  if (!parsed) return base::fail(parsed.error());
  value = *parsed;
  return {};
}

Status parse_count(Text text, std::size_t& value) {
  if (is_off(text)) {
    value = 0;
    return {};
  }
  constexpr std::size_t kMost = 1'000'000'000;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value <= kMost) return {};
  return base::fail(Code::invalid_argument, "\"" + std::string(text) + "\" is not a whole number such as 50, or off");
}

Status parse_number(Text text, double low, double high, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= low && value <= high) return {};
  return base::fail(Code::invalid_argument, "\"" + std::string(text) + "\" is not a number from " +
                                                std::to_string(low) + " to " + std::to_string(high));
}

Status parse_switch(Text text, bool& value) {
  if (text != "true" && text != "false") {
    return base::fail(Code::invalid_argument, "\"" + std::string(text) + "\" is neither true nor false");
  }
  value = text == "true";
  return {};
}

Status parse_listen(Text text, std::string& value) {
  const auto colon = text.rfind(':');
  std::size_t port = 0;
  const bool has_port = colon != Text::npos && colon + 1 < text.size() && parse_count(text.substr(colon + 1), port);
  if (!has_port || port > 65535) {
    return base::fail(Code::invalid_argument,
                      "\"" + std::string(text) + "\" is not address:port such as 127.0.0.1:8080");
  }
  if (!is_numeric_address(text.substr(0, colon))) {
    return base::fail(Code::invalid_argument, "\"" + std::string(text) +
                                                  "\" does not begin with an address in numbers; write for example "
                                                  "127.0.0.1:8080, [::1]:8080 or :8080");
  }
  return parse_text(text, value);
}

Status parse_database(Text text, std::string& value) {
  const bool is_known =
      text.starts_with("sqlite://") || text.starts_with("postgresql://") || text.starts_with("postgres://");
  // The text itself is not repeated: it may hold a password.
  if (!is_known || text.ends_with("://")) {
    return base::fail(Code::invalid_argument,
                      "is not a database this program knows, such as sqlite://./data/chatcore.db or "
                      "postgresql://user@host/database");
  }
  return parse_text(text, value);
}

Status parse_budget(Text text, std::optional<base::Bytes>& value) {
  // With less there is no room for a single turn: it is bytes where megabytes were meant.
  constexpr auto kLeast = base::kibibytes(64);
  value.reset();
  if (text == "auto") return {};
  if (auto parsed = parse_bytes(text, value.emplace()); !parsed) return parsed;
  if (is_off(text) || *value >= kLeast) return {};
  return base::fail(Code::invalid_argument, "\"" + std::string(text) + "\" is less than 64k; write for example 256m");
}

Status parse_log_level(Text text, base::LogLevel& level) {
  if (text == "debug")
    level = base::LogLevel::debug;
  else if (text == "info")
    level = base::LogLevel::info;
  else if (text == "warning")
    level = base::LogLevel::warning;
  else if (text == "error")
    level = base::LogLevel::error;
  else
    return base::fail(Code::invalid_argument, "\"" + std::string(text) + "\" is none of debug, info, warning, error");
  return {};
}

Status parse_log_format(Text text, base::LogFormat& format) {
  if (text == "logfmt")
    format = base::LogFormat::logfmt;
  else if (text == "json")
    format = base::LogFormat::json;
  else
    return base::fail(Code::invalid_argument, "\"" + std::string(text) + "\" is neither logfmt nor json");
  return {};
}

Status parse_required(Text text, AuthRequired& value) {
  bool required = false;
  value = AuthRequired::automatic;
  if (text == "auto") return {};
  if (!parse_switch(text, required)) {
    return base::fail(Code::invalid_argument, "\"" + std::string(text) + "\" is none of auto, true, false");
  }
  value = required ? AuthRequired::yes : AuthRequired::no;
  return {};
}

Status parse_index(Text text, retrieval::IndexChoice& value) {
  if (text == "auto")
    value = retrieval::IndexChoice::automatic;
  else if (text == "exact")
    value = retrieval::IndexChoice::exact;
  else if (text == "hnsw")
    value = retrieval::IndexChoice::graph;
  else
    return base::fail(Code::invalid_argument, "\"" + std::string(text) + "\" is none of auto, exact, hnsw");
  return {};
}

// Names parted by commas or spaces.
Status parse_names(Text text, std::vector<std::string>& value) {
  constexpr Text kBetween = ", ";
  value.clear();
  for (auto begin = text.find_first_not_of(kBetween); begin != Text::npos;
       begin = text.find_first_not_of(kBetween, begin)) {
    const auto end = std::min(text.size(), text.find_first_of(kBetween, begin));
    value.emplace_back(text.substr(begin, end - begin));
    begin = end;
  }
  return {};
}

// Names as they stand in a request's Host without its port; what else is written here would never be met.
Status parse_hosts(Text text, std::vector<std::string>& value) {
  if (auto parsed = parse_names(text, value); !parsed) return parsed;
  for (const std::string& name : value) {
    if (base::is_bare_host(name)) continue;
    return base::fail(Code::invalid_argument,
                      "\"" + name +
                          "\" is not a bare name or address such as chat.example.com: leave out "
                          "the scheme, port, brackets and wildcards");
  }
  return {};
}

// As browsers send an origin: in small letters, and without the port that its scheme has by default.
std::string normalized_origin(Text origin) {
  std::string text = base::lower_case(origin);
  for (const auto& [scheme, port] : {std::pair<Text, Text>{"https://", ":443"}, {"http://", ":80"}}) {
    if (text.starts_with(scheme) && text.ends_with(port)) text.resize(text.size() - port.size());
  }
  return text;
}

Status parse_origins(Text text, std::vector<std::string>& value) {
  if (auto parsed = parse_names(text, value); !parsed) return parsed;
  for (std::string& origin : value) {
    origin = normalized_origin(origin);
    const auto scheme_end = origin.find("://");
    const bool has_host = scheme_end != std::string::npos && scheme_end > 0 && scheme_end + 3 < origin.size();
    // What a browser sends as Origin ends with the host or the port.
    if (origin == "*" || origin == "null" || (has_host && origin.find('/', scheme_end + 3) == std::string::npos))
      continue;
    return base::fail(Code::invalid_argument,
                      "\"" + origin +
                          "\" is not an origin such as https://app.example.com or http://localhost:3000: scheme, host "
                          "and port as the browser's address line shows them, without a path or a slash at the end");
  }
  return {};
}

Status parse_summary_size(Text text, base::Bytes& value) {
  if (auto parsed = parse_bytes(text, value); !parsed) return parsed;
  if (value >= base::Bytes{256} && value <= base::kibibytes(64)) return {};
  return base::fail(Code::invalid_argument, "must be from 256 bytes to 64k");
}

Status parse_user_rate(Text text, double& value) {
  constexpr double kSlowest = 1.0 / 86'400;  // a request a day; slower ones would make sense to nobody
  if (auto parsed = parse_number(is_off(text) ? "0" : text, 0, 1e6, value); !parsed) return parsed;
  if (value == 0 || value >= kSlowest) return {};
  return base::fail(Code::invalid_argument, "is less than one request a day");
}

Status parse_user_burst(Text text, std::size_t& value) {
  if (auto parsed = parse_count(text, value); !parsed) return parsed;
  if (value >= 1 && value <= 10'000) return {};
  return base::fail(Code::invalid_argument, "must be from 1 to 10000");
}

Status parse_least_one(Text text, std::size_t& value) {
  if (auto parsed = parse_count(text, value); !parsed) return parsed;
  if (value >= 1) return {};
  return base::fail(Code::invalid_argument, "must be 1 or more");
}

// The older name is what most backends know; OpenAI's newer models take the newer one alone.
Status parse_tokens_field(Text text, std::string& value) {
  if (text == "max_tokens" || text == "max_completion_tokens") return parse_text(text, value);
  return base::fail(Code::invalid_argument,
                    "\"" + std::string(text) + "\" is neither max_tokens nor max_completion_tokens");
}

// Without the '/' that it may end with. A key belongs into a file, not into a URL that error messages may show.
Status parse_base_url(Text text, std::string& value) {
  while (text.ends_with('/')) text.remove_suffix(1);
  const bool is_http = text.starts_with("http://") || text.starts_with("https://");
  if (!text.empty() && (!is_http || text.find_first_of("@?# ") != Text::npos)) {
    return base::fail(Code::invalid_argument,
                      "must be a URL such as https://api.example.com/v1, without user or query");
  }
  return parse_text(text, value);
}

Status parse_threads(Text text, std::size_t& value) {
  value = 0;
  if (text == "auto") return {};
  if (auto parsed = parse_count(text, value); !parsed) return parsed;
  if (value >= 1 && value <= 256) return {};
  return base::fail(Code::invalid_argument, "must be auto or from 1 to 256");
}

}  // namespace chatcore

#include "chatcore/storage/database_url.h"

#include <algorithm>
#include <array>

namespace chatcore::storage {
namespace {

constexpr std::string_view kHidden = "***";

// Others may hold a secret, or be a slip of the pen for one that does.
constexpr std::array<std::string_view, 12> kShown{"host",        "hostaddr",         "port",
                                                  "user",        "dbname",           "sslmode",
                                                  "sslrootcert", "application_name", "connect_timeout",
                                                  "keepalives",  "gssencmode",       "target_session_attrs"};

// "sslmode=require&password=x" → "sslmode=require&password=***"
std::string redacted_parameters(std::string_view parameters) {
  std::string shown;
  while (!parameters.empty()) {
    const auto end = std::min(parameters.find('&'), parameters.size());
    const std::string_view one = parameters.substr(0, end);
    const auto equals = one.find('=');
    const std::string_view name = one.substr(0, equals);
    if (equals == std::string_view::npos) {
      shown += kHidden;
    } else if (std::ranges::find(kShown, name) == kShown.end()) {
      shown.append(name).append("=").append(kHidden);
    } else {
      shown += one;
    }
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
    if (!parameters.empty()) shown += '&';
  }
  return shown;
}

}  // namespace

DatabaseKind kind_of_database(std::string_view url) {
  if (url.starts_with("sqlite://")) return DatabaseKind::sqlite;
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) return DatabaseKind::postgresql;
  return DatabaseKind::unknown;
}

std::string redacted_url(std::string_view url) {
  const DatabaseKind kind = kind_of_database(url);
  if (kind == DatabaseKind::sqlite) return std::string(url);
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return "…";
  std::string shown(url.substr(0, scheme_end + 3));
  if (kind == DatabaseKind::unknown) return shown + "…";
  std::string_view rest = url.substr(scheme_end + 3);
  // The last "@": a password with one in it, though that should have been written as %40, stays hidden.
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = rest.substr(0, at);
    const auto colon = who.find(':');
    shown += who.substr(0, colon);
    if (colon != std::string_view::npos) shown += ":" + std::string(kHidden);
    shown += '@';
    rest.remove_prefix(at + 1);
  }
  const auto question = rest.find('?');
  shown += rest.substr(0, question);
  if (question != std::string_view::npos) shown += "?" + redacted_parameters(rest.substr(question + 1));
  return shown;
}

}  // namespace chatcore::storage

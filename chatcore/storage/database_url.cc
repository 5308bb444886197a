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

template <typename Is>
bool any_of(std::string_view list, char separator, Is is) {
  while (!list.empty()) {
    const auto end = std::min(list.find(separator), list.size());
    if (is(list.substr(0, end))) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

// `host` as libpq takes it, perhaps with a port: nothing and a path (also as "%2Fvar…") mean a socket of this machine.
bool is_other_machine(std::string_view host) {
  if (host.starts_with('[')) return !host.starts_with("[::1]");
  if (host == "::1") return false;
  host = host.substr(0, host.find(':'));
  return !host.empty() && host != "localhost" && !host.starts_with("127.") && !host.starts_with('/') &&
         !host.starts_with("%2F") && !host.starts_with("%2f");
}

}  // namespace

DatabaseKind kind_of_database(std::string_view url) {
  if (url.starts_with("sqlite://")) return DatabaseKind::sqlite;
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) return DatabaseKind::postgresql;
  return DatabaseKind::unknown;
}

bool is_on_network(std::string_view url) {
  if (kind_of_database(url) != DatabaseKind::postgresql) return false;
  std::string_view rest = url.substr(url.find("://") + 3);
  const auto question = rest.find('?');
  const std::string_view parameters = question == std::string_view::npos ? "" : rest.substr(question + 1);
  rest = rest.substr(0, question);
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) rest.remove_prefix(at + 1);
  if (any_of(rest.substr(0, rest.find('/')), ',', is_other_machine)) return true;
  return any_of(parameters, '&', [](std::string_view one) {
    const bool names_hosts = one.starts_with("host=") || one.starts_with("hostaddr=");
    return names_hosts && any_of(one.substr(one.find('=') + 1), ',', is_other_machine);
  });
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

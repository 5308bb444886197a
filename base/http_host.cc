#include "base/http_host.h"

#include <algorithm>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/http_text.h"

namespace base {
namespace {

// "Example.org:8080" and "[::1]:8080" without the port, in lower case.
std::string host_name(std::string_view host) {
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    return lower_case(host.substr(1, end == std::string_view::npos ? end : end - 1));
  }
  return lower_case(host.substr(0, host.find(':')));
}

bool is_numeric(const std::string& name) {
  in_addr v4{};
  in6_addr v6{};
  return inet_pton(AF_INET, name.c_str(), &v4) == 1 || inet_pton(AF_INET6, name.c_str(), &v6) == 1;
}

bool is_loopback_name(const std::string& host) {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24U == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6) != 0;
}

}  // namespace

bool is_own_host(std::string_view host, const std::vector<std::string>& allowed) {
  if (host.empty()) return true;
  std::string name = host_name(host);
  if (name.ends_with('.')) name.pop_back();
  return is_loopback_name(name) ||
         std::ranges::any_of(allowed, [&](const std::string& known) { return lower_case(known) == name; });
}

bool is_numeric_host(std::string_view host) { return is_numeric(host_name(host)); }

bool is_bare_host(std::string_view name) {
  in6_addr v6{};
  if (inet_pton(AF_INET6, std::string(name).c_str(), &v6) == 1) return true;
  return !name.empty() && name.find_first_of(":/*[] \t") == std::string_view::npos;
}

}  // namespace base

#pragma once
// The Host of a request, compared with the names by which a server is known. A name that its owner points at 127.0.0.1
// makes a server's answers readable to that owner's page (DNS rebinding); such a request carries the foreign name as
// its Host. Pure functions, shared by both programs.

#include <string>
#include <string_view>
#include <vector>

namespace base {

// Whether `host` ("localhost:8080", "[::1]") names this machine's loopback, or one of `allowed`, in any case. A request
// without a Host (HTTP/1.0, not a browser) passes.
bool is_own_host(std::string_view host, const std::vector<std::string>& allowed);

// Whether `host` is an address in numbers, with or without a port. No name resolves to it, so it cannot be rebound.
bool is_numeric_host(std::string_view host);

// Whether `name` may stand in a list of allowed hosts: a bare name or address such as chat.example.com or ::1, without
// scheme, port, brackets and wildcards.
bool is_bare_host(std::string_view name);

}  // namespace base

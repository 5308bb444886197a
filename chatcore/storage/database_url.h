#pragma once
// The URL that names a database.

#include <string>
#include <string_view>

namespace chatcore::storage {

enum class DatabaseKind { sqlite, postgresql, unknown };

// By its scheme: "sqlite://PATH", "postgresql://…" or "postgres://…".
DatabaseKind kind_of_database(std::string_view url);

// Whether others than this machine can reach the database that it names, as far as the URL says: a PostgreSQL host that
// is neither loopback nor the folder of a socket.
bool is_on_network(std::string_view url);

// The URL as it may be shown: the password becomes "***", also one among the parameters. Of an unknown kind only the
// scheme is shown.
std::string redacted_url(std::string_view url);

}  // namespace chatcore::storage

#include <bit>

#include <endian.h>

#include "chatcore/storage/postgres_connection.h"

namespace chatcore::storage {

PostgresCall& PostgresCall::bind(std::int64_t value) {
  Parameter& parameter = parameters_.emplace_back();
  parameter.number = std::bit_cast<std::array<char, 8>>(htobe64(static_cast<std::uint64_t>(value)));
  return *this;
}

PostgresCall& PostgresCall::bind(std::string_view text) {
  // A null pointer would be the number.
  parameters_.push_back({.text = text.data() == nullptr ? "" : text.data(), .size = text.size()});
  return *this;
}

}  // namespace chatcore::storage

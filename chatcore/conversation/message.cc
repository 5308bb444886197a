#include "chatcore/conversation/message.h"

namespace chatcore::conversation {

std::string_view name_of(Role role) {
  switch (role) {
    case Role::system: return "system";
    case Role::user: return "user";
    case Role::assistant: return "assistant";
  }
  return "user";
}

std::optional<Role> role_named(std::string_view name) {
  for (const Role role : {Role::system, Role::user, Role::assistant}) {
    if (name == name_of(role)) return role;
  }
  return std::nullopt;
}

}  // namespace chatcore::conversation

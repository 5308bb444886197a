#pragma once
// The one table of settings: name, default, help, and how its text becomes a value. Flags, environment, file,
// --help and check-config all follow from it.

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chatcore/config.h"

namespace chatcore {

struct Setting {
  std::string_view name;          // dotted as in YAML: "conversation.ttl"
  std::string_view default_text;  // read by the same `apply`
  std::string_view help;
  base::Status (*apply)(Config& config, std::string_view text);
  bool reloadable = false;  // takes effect with SIGHUP; else with a restart
  bool is_list = false;     // several values, separated by commas; in the file also a YAML list
};

std::span<const Setting> settings();
// Null when there is none of that name.
const Setting* find_setting(std::string_view name);

// The part of a name before its dot, "" when it has none, and the part behind it.
std::string_view section_of(const Setting& setting);
std::string_view key_of(const Setting& setting);

std::string flag_of(const Setting& setting);         // "conversation-ttl"
std::string environment_of(const Setting& setting);  // "CHATCORE_CONVERSATION_TTL"

}  // namespace chatcore

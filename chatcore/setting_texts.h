#pragma once
// How the text of a setting becomes a value: one function for each kind of value, used by the table in settings.cc.
// Errors: invalid_argument, saying what would do; the table names the setting.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/units.h"
#include "chatcore/config.h"

namespace chatcore {

base::Status parse_text(std::string_view text, std::string& value);
base::Status parse_duration(std::string_view text, base::Duration& value);
// As parse_duration(), but refuses what is shorter than 100ms and not 0.
base::Status parse_wait(std::string_view text, base::Duration& value);
base::Status parse_bytes(std::string_view text, base::Bytes& value);
base::Status parse_count(std::string_view text, std::size_t& value);
base::Status parse_number(std::string_view text, double low, double high, double& value);
base::Status parse_switch(std::string_view text, bool& value);
base::Status parse_listen(std::string_view text, std::string& value);
base::Status parse_database(std::string_view text, std::string& value);
base::Status parse_budget(std::string_view text, std::optional<base::Bytes>& value);
base::Status parse_log_level(std::string_view text, base::LogLevel& level);
base::Status parse_log_format(std::string_view text, base::LogFormat& format);
base::Status parse_required(std::string_view text, AuthRequired& value);
base::Status parse_index(std::string_view text, retrieval::IndexChoice& value);
base::Status parse_names(std::string_view text, std::vector<std::string>& value);
base::Status parse_hosts(std::string_view text, std::vector<std::string>& value);
base::Status parse_origins(std::string_view text, std::vector<std::string>& value);
base::Status parse_summary_size(std::string_view text, base::Bytes& value);
base::Status parse_user_rate(std::string_view text, double& value);
base::Status parse_user_burst(std::string_view text, std::size_t& value);
base::Status parse_least_one(std::string_view text, std::size_t& value);
base::Status parse_tokens_field(std::string_view text, std::string& value);
base::Status parse_base_url(std::string_view text, std::string& value);
base::Status parse_threads(std::string_view text, std::size_t& value);

}  // namespace chatcore

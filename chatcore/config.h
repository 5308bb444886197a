#pragma once
// What a chatcore is told: the values (Config), where they may come from, and every mistake in them at once.
// Flags, environment and the YAML file name the same settings (settings.h); a flag wins over the environment, that
// over the file, that over the default.

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/units.h"
#include "chatcore/retrieval/index_choice.h"

namespace chatcore {

enum class AuthRequired { automatic, yes, no };

// Every bound says "off" as 0. Off is for rehearsing the incident, not for service. The defaults stand in the
// settings table, where --help finds them too.
struct Config {
  std::string listen;                      // address:port
  std::string web_config_file;             // TLS and users (base/web/web_config.h); empty: neither
  std::vector<std::string> allowed_hosts;  // what requests may name as their host besides this machine
  // Origins of other web pages that may send requests: https://app.example, http://localhost:3000, "*" (all).
  std::vector<std::string> allowed_origins;
  std::size_t threads = 0;  // 0: as many as the cores that the cgroup's quota allows

  struct {
    std::string url;
    std::string url_file;  // wins over url when set
    bool migrate = true;
  } database;

  struct {
    base::Duration time_to_live{0};
    base::Duration sweep_interval{0};  // 0: never swept (expired conversations are still not handed out)
    std::size_t max_messages = 0;
    std::optional<base::Bytes> memory_budget;  // none: 256 MiB or 40 % of the cgroup's limit, whichever is less
    std::size_t max_waiting_turns = 0;         // turns in line for one conversation
    std::size_t max_tokens = 0;                // of a conversation in one prompt, at most
    bool summary = false;                      // what leaves the window is summarised by the backend
    std::size_t summary_every = 0;             // messages that have to leave before
    base::Bytes summary_size;                  // of a summary, at most
  } conversation;

  struct {
    base::Duration conversations{0};  // time since the last use after which they are removed; 0: never
    base::Duration responses{0};      // the same for responses without a conversation
    base::Bytes max_size;             // of the database; 0: no limit
  } retention;

  struct {
    std::string store_file;
    std::size_t top = 0;
    double threshold = 0;  // how well a chunk must fit, -1..1
    base::Bytes cache;     // for the vectors of questions
    retrieval::IndexChoice index = retrieval::IndexChoice::automatic;
  } retrieval;

  struct {
    double words_per_second = 0;  // of the built-in answerer; 0: as fast as the client takes them
    std::string base_url;         // empty: the built-in answerer
    std::string model;
    std::string api_key_file;
    std::string ca_file;
    std::string system_prompt;
    std::string max_tokens_field;  // how the backend calls the bound on an answer's tokens
    std::size_t max_connections = 0;
    base::Duration queue_timeout{0};
    base::Duration connect_timeout{0};
    base::Duration first_byte_timeout{0};
    base::Duration idle_timeout{0};
    base::Duration total_timeout{0};
    std::size_t max_retries = 0;
    std::size_t breaker_failures = 0;
    base::Duration breaker_cooldown{0};
  } llm;

  struct {
    std::string base_url;  // empty: the built-in embedder
    std::string model;
    std::string api_key_file;
    std::string ca_file;
    std::size_t dimensions = 0;
    base::Duration total_timeout{0};
  } embeddings;

  struct {
    base::Bytes max_body;
    base::Bytes max_answer;
    base::Bytes max_bytes_in_flight;
    std::size_t max_turns = 0;
    base::Duration target_delay{0};  // for the beginning of a turn; 0: not paced
    std::size_t max_connections = 0;
    double user_rate = 0;  // requests a second
    std::size_t user_burst = 0;
    std::size_t user_streams = 0;
  } limits;

  struct {
    AuthRequired required = AuthRequired::automatic;
    std::string keys_file;        // empty: no keys
    std::string jwt_secret_file;  // empty: no tokens
    std::vector<std::string> jwt_previous_secret_files;
    std::string jwt_issuer;
    std::string jwt_audience;
    base::Duration jwt_leeway{0};
  } auth;

  struct {
    std::string token_file;     // empty: no token
    bool allow_remote = false;  // without a token: serve admin routes to peers other than loopback
  } admin;

  base::Duration drain_deadline{0};
  base::LogOptions log;
};

// One setting as it was written somewhere.
struct SettingText {
  std::string name;   // "conversation.ttl"
  std::string text;   // "2h"
  std::string where;  // "chatcore.yml:3:8", "CHATCORE_CONVERSATION_TTL", "--conversation-ttl"
  // With variables, as it stands in the file; messages show it, since a variable may hold a secret. Empty: as `text`.
  std::string written = {};
};

struct ConfigError {
  std::string where;    // empty: the message says it
  std::string message;  // names the key and what would do
};

struct LoadedConfig {
  Config config;
  std::map<std::string, std::string> texts;  // what each setting came to, by its name
  std::vector<ConfigError> errors;           // empty: the configuration is usable
  std::vector<ConfigError> remarks = {};     // what is allowed and most likely a mistake
};

// Applies `texts` in their order over the defaults, so later ones win; a wrong one is reported even when a later
// one hides it.
LoadedConfig load_config(const std::vector<SettingText>& texts);

// Every address that `listen` stands for is this machine's own: 127.0.0.0/8 or [::1].
bool is_loopback(std::string_view listen);

// What must be right between settings before requests are answered: who can be reached from elsewhere asks who asks.
// `on_loopback`: every address listened on is this machine's own.
std::vector<ConfigError> check_authentication(const Config& config, bool on_loopback);

// What must be right between settings for summaries.
std::vector<ConfigError> check_summary(const Config& config);

// Checks the retention settings against each other and against the database's kind.
std::vector<ConfigError> check_retention(const Config& config);

// Settings of what is not used: of a backend without an address, of tokens without a secret.
std::vector<ConfigError> idle_settings(const Config& config);

// The names of the settings whose texts differ.
std::vector<std::string> changed_settings(const LoadedConfig& before, const LoadedConfig& after);

// The settings that the environment names (CHATCORE_LISTEN, …). `environment` is a null-terminated array of
// "NAME=value"; unknown names are left alone, since orchestrators put their own there (CHATCORE_PORT, …).
std::vector<SettingText> settings_of_environment(const char* const* environment);
// Those of the unknown names that are all but a setting's (CHATCORE_LISTN), each with the one that may be meant.
std::vector<ConfigError> slips_of_environment(const char* const* environment);

// The budget for conversations: as configured, else what the cgroup's limit allows. unlimited() is "off".
base::Bytes effective_budget(const Config& config, base::Bytes cgroup_limit);

}  // namespace chatcore

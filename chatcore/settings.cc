#include "chatcore/settings.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "chatcore/setting_texts.h"

namespace chatcore {
namespace {

using Text = std::string_view;

constexpr std::array kSettings{
    Setting{"listen", "127.0.0.1:8080", "address and port to answer on",
            [](Config& c, Text t) { return parse_listen(t, c.listen); }},
    Setting{"web_config_file", "", "web configuration file (Prometheus exporter-toolkit format): TLS and users",
            [](Config& c, Text t) { return parse_text(t, c.web_config_file); }, true},
    Setting{"allowed_hosts", "", "names that requests may have as their Host, besides localhost and 127.0.0.1",
            [](Config& c, Text t) { return parse_hosts(t, c.allowed_hosts); }, true, true},
    Setting{"allowed_origins", "", "origins of other web pages that may send requests: https://app.example; *: all",
            [](Config& c, Text t) { return parse_origins(t, c.allowed_origins); }, true, true},
    Setting{"threads", "auto", "I/O threads; auto: the cores that the cgroup allows",
            [](Config& c, Text t) { return parse_threads(t, c.threads); }},
    Setting{"database.url", "sqlite://./data/chatcore.db", "where conversations are kept",
            [](Config& c, Text t) { return parse_database(t, c.database.url); }},
    Setting{"database.url_file", "", "file with that URL, for one that holds a password; wins over database.url",
            [](Config& c, Text t) { return parse_text(t, c.database.url_file); }},
    Setting{"database.migrate", "true", "serve brings an older database up to date; false: only chatcore migrate does",
            [](Config& c, Text t) { return parse_switch(t, c.database.migrate); }},
    Setting{"conversation.ttl", "2h", "time since its last use until a conversation leaves memory",
            [](Config& c, Text t) { return parse_wait(t, c.conversation.time_to_live); }},
    Setting{"conversation.sweep_interval", "30m", "how often expired conversations are removed",
            [](Config& c, Text t) { return parse_wait(t, c.conversation.sweep_interval); }},
    Setting{"conversation.max_messages", "50", "messages of one conversation kept in memory",
            [](Config& c, Text t) { return parse_count(t, c.conversation.max_messages); }},
    Setting{"conversation.memory_budget", "auto",
            "bytes for all that requests make it hold; auto: 256 MiB or 40 % of the cgroup's limit",
            [](Config& c, Text t) { return parse_budget(t, c.conversation.memory_budget); }},
    Setting{"conversation.max_waiting_turns", "8", "turns that may wait for one conversation",
            [](Config& c, Text t) { return parse_count(t, c.conversation.max_waiting_turns); }},
    Setting{"conversation.max_tokens", "0", "of a conversation in one prompt, about; 0: all that is in memory",
            [](Config& c, Text t) { return parse_count(t, c.conversation.max_tokens); }},
    Setting{"conversation.summary", "false", "let the backend summarise messages that leave a conversation's window",
            [](Config& c, Text t) { return parse_switch(t, c.conversation.summary); }},
    Setting{"conversation.summary_every", "10", "messages that leave the window between two summaries",
            [](Config& c, Text t) { return parse_least_one(t, c.conversation.summary_every); }},
    Setting{"conversation.summary_size", "2k", "maximum size of a summary, 256 to 64k",
            [](Config& c, Text t) { return parse_summary_size(t, c.conversation.summary_size); }},
    Setting{"retention.conversations", "off",
            "time after its last use when a conversation is removed from the database: 90d",
            [](Config& c, Text t) { return parse_duration(t, c.retention.conversations); }},
    Setting{"retention.responses", "30d", "the same for stored responses without a conversation",
            [](Config& c, Text t) { return parse_duration(t, c.retention.responses); }},
    Setting{"retention.max_size", "off", "bytes of the SQLite database; the least recently used is removed first",
            [](Config& c, Text t) { return parse_bytes(t, c.retention.max_size); }},
    Setting{"retrieval.store", "./data/vectors.store", "file of ingested texts; need not exist",
            [](Config& c, Text t) { return parse_text(t, c.retrieval.store_file); }},
    Setting{"retrieval.top", "5", "passages found for one question at most",
            [](Config& c, Text t) { return parse_count(t, c.retrieval.top); }},
    Setting{"retrieval.threshold", "0.1", "similarity a passage needs, from -1 to 1",
            [](Config& c, Text t) { return parse_number(t, -1, 1, c.retrieval.threshold); }},
    Setting{"retrieval.cache", "4m", "bytes for the vectors of questions asked before; 0: none",
            [](Config& c, Text t) { return parse_bytes(t, c.retrieval.cache); }},
    Setting{"retrieval.index", "auto", "exact, hnsw, or auto: an HNSW index for 200,000 chunks of a model's vectors",
            [](Config& c, Text t) { return parse_index(t, c.retrieval.index); }},
    Setting{"llm.words_per_second", "0", "pace of the built-in answerer; 0: as fast as the client reads",
            [](Config& c, Text t) { return parse_number(t, 0, 1e6, c.llm.words_per_second); }},
    Setting{"llm.base_url", "", "OpenAI-compatible backend such as https://host/v1; empty: the built-in answerer",
            [](Config& c, Text t) { return parse_base_url(t, c.llm.base_url); }},
    Setting{"llm.model", "", "the model to ask the backend for",
            [](Config& c, Text t) { return parse_text(t, c.llm.model); }},
    Setting{"llm.api_key_file", "", "file with the backend's key; empty: none is sent",
            [](Config& c, Text t) { return parse_text(t, c.llm.api_key_file); }},
    Setting{"llm.ca_file", "", "certificates (PEM) to trust the backend by; empty: the system's",
            [](Config& c, Text t) { return parse_text(t, c.llm.ca_file); }},
    Setting{"llm.system_prompt", "", "what the backend is told before every conversation",
            [](Config& c, Text t) { return parse_text(t, c.llm.system_prompt); }},
    Setting{"llm.max_tokens_field", "max_tokens", "how a bound on its answer is sent; else max_completion_tokens",
            [](Config& c, Text t) { return parse_tokens_field(t, c.llm.max_tokens_field); }},
    Setting{"llm.max_connections", "64", "answers of the backend under way; as many more wait, then 503",
            [](Config& c, Text t) { return parse_least_one(t, c.llm.max_connections); }},
    Setting{"llm.queue_timeout", "2s", "how long a request waits for a connection, then 503",
            [](Config& c, Text t) { return parse_duration(t, c.llm.queue_timeout); }},
    Setting{"llm.connect_timeout", "5s", "for the connection to the backend",
            [](Config& c, Text t) { return parse_wait(t, c.llm.connect_timeout); }},
    Setting{"llm.first_byte_timeout", "10m", "until the first text of its answer, reasoning included; then 504",
            [](Config& c, Text t) { return parse_wait(t, c.llm.first_byte_timeout); }},
    Setting{"llm.idle_timeout", "60s", "between two bytes of the answer, after its first text",
            [](Config& c, Text t) { return parse_wait(t, c.llm.idle_timeout); }},
    Setting{"llm.total_timeout", "30m", "for the whole answer, queue and retries included",
            [](Config& c, Text t) { return parse_wait(t, c.llm.total_timeout); }},
    Setting{"llm.max_retries", "2", "when the backend cannot answer; never once an answer has begun",
            [](Config& c, Text t) { return parse_count(t, c.llm.max_retries); }},
    Setting{"llm.breaker_failures", "5", "failed requests in a row that open the circuit breaker; 0: never",
            [](Config& c, Text t) { return parse_count(t, c.llm.breaker_failures); }},
    Setting{"llm.breaker_cooldown", "10s", "how long the breaker stays open; then one request probes the backend",
            [](Config& c, Text t) { return parse_duration(t, c.llm.breaker_cooldown); }},
    Setting{"embeddings.base_url", "", "OpenAI-compatible backend for embeddings; empty: the built-in embedder",
            [](Config& c, Text t) { return parse_base_url(t, c.embeddings.base_url); }},
    Setting{"embeddings.model", "", "the model to ask it for",
            [](Config& c, Text t) { return parse_text(t, c.embeddings.model); }},
    Setting{"embeddings.api_key_file", "", "file with its key; empty: none is sent",
            [](Config& c, Text t) { return parse_text(t, c.embeddings.api_key_file); }},
    Setting{"embeddings.ca_file", "", "certificates (PEM) to trust it by; empty: the system's",
            [](Config& c, Text t) { return parse_text(t, c.embeddings.ca_file); }},
    Setting{"embeddings.dimensions", "0", "numbers of its vectors; must be set with embeddings.base_url",
            [](Config& c, Text t) { return parse_count(t, c.embeddings.dimensions); }},
    Setting{"embeddings.total_timeout", "10s", "for one request to it; a question is then answered without passages",
            [](Config& c, Text t) { return parse_wait(t, c.embeddings.total_timeout); }},
    Setting{"limits.max_body", "1m", "largest request body; more is 413",
            [](Config& c, Text t) { return parse_bytes(t, c.limits.max_body); }},
    Setting{"limits.max_answer", "1m", "an answer is cut there",
            [](Config& c, Text t) { return parse_bytes(t, c.limits.max_answer); }},
    Setting{"limits.max_bytes_in_flight", "64m", "bytes that turns under way hold; more is 503",
            [](Config& c, Text t) { return parse_bytes(t, c.limits.max_bytes_in_flight); }, true},
    Setting{"limits.max_turns", "256", "turns under way or waiting; more is 503",
            [](Config& c, Text t) { return parse_count(t, c.limits.max_turns); }, true},
    Setting{"limits.target_delay", "4ms",
            "target time until a turn's prompt is ready; above it fewer turns are admitted; off disables",
            [](Config& c, Text t) { return parse_duration(t, c.limits.target_delay); }},
    Setting{"limits.max_connections", "1024",
            "maximum number of connections; when full, the one idle for longest is closed",
            [](Config& c, Text t) { return parse_count(t, c.limits.max_connections); }},
    Setting{"limits.user_rate", "0", "requests a second of one user; more is 429; 0: any",
            [](Config& c, Text t) { return parse_user_rate(t, c.limits.user_rate); }, true},
    Setting{"limits.user_burst", "20", "requests of one user that may come at once after a pause",
            [](Config& c, Text t) { return parse_user_burst(t, c.limits.user_burst); }, true},
    Setting{"limits.user_streams", "0", "answers to one user under way at once; more is 429; 0: any",
            [](Config& c, Text t) { return parse_count(t, c.limits.user_streams); }, true},
    Setting{"auth.required", "auto", "true, false, or auto: whenever others than this machine can reach `listen`",
            [](Config& c, Text t) { return parse_required(t, c.auth.required); }, true},
    Setting{"auth.keys_file", "", "file of API keys, lines of user:key or user:sha256:DIGEST",
            [](Config& c, Text t) { return parse_text(t, c.auth.keys_file); }, true},
    Setting{"auth.jwt_secret_file", "", "file with the secret that signs tokens (JWT, HS256), at least 32 bytes",
            [](Config& c, Text t) { return parse_text(t, c.auth.jwt_secret_file); }, true},
    Setting{"auth.jwt_previous_secret_files", "", "files of secrets it had before, whose tokens are still taken",
            [](Config& c, Text t) { return parse_names(t, c.auth.jwt_previous_secret_files); }, true, true},
    Setting{"auth.jwt_issuer", "", "what a token must have as iss; empty: anything",
            [](Config& c, Text t) { return parse_text(t, c.auth.jwt_issuer); }, true},
    Setting{"auth.jwt_audience", "", "what a token must have in aud; empty: anything",
            [](Config& c, Text t) { return parse_text(t, c.auth.jwt_audience); }, true},
    Setting{"auth.jwt_leeway", "30s", "how far clocks may differ when a token's times are looked at",
            [](Config& c, Text t) { return parse_duration(t, c.auth.jwt_leeway); }, true},
    Setting{"admin.token_file", "", "file with the token that /admin asks for; empty: loopback only",
            [](Config& c, Text t) { return parse_text(t, c.admin.token_file); }, true},
    Setting{"admin.allow_remote", "false", "without a token, serve /admin to any peer (a private network only)",
            [](Config& c, Text t) { return parse_switch(t, c.admin.allow_remote); }, true},
    Setting{"drain.deadline", "25s", "maximum time for open streams to end after SIGTERM",
            [](Config& c, Text t) { return parse_duration(t, c.drain_deadline); }},
    Setting{"log.level", "info", "debug, info, warning or error",
            [](Config& c, Text t) { return parse_log_level(t, c.log.level); }, true},
    Setting{"log.format", "logfmt", "logfmt or json",
            [](Config& c, Text t) { return parse_log_format(t, c.log.format); }},
};

std::string replace_separators(std::string_view name, char with) {
  std::string text(name);
  for (char& c : text) {
    if (c == '.' || c == '_') c = with;
  }
  return text;
}

}  // namespace

std::span<const Setting> settings() { return kSettings; }

const Setting* find_setting(std::string_view name) {
  const auto* found = std::ranges::find(kSettings, name, &Setting::name);
  return found == kSettings.end() ? nullptr : found;
}

std::string_view section_of(const Setting& setting) {
  const auto dot = setting.name.find('.');
  return dot == std::string_view::npos ? std::string_view() : setting.name.substr(0, dot);
}

std::string_view key_of(const Setting& setting) {
  const auto section = section_of(setting);
  return section.empty() ? setting.name : setting.name.substr(section.size() + 1);
}

std::string flag_of(const Setting& setting) { return replace_separators(setting.name, '-'); }

std::string environment_of(const Setting& setting) {
  std::string text = "CHATCORE_" + replace_separators(setting.name, '_');
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

}  // namespace chatcore

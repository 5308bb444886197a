#include "chatcore/command/language_parts.h"

#include "chatcore/access/named_file.h"
#include "chatcore/command/secret_file.h"
#include "chatcore/llm/extractive_answerer.h"
#include "chatcore/llm/openai_answerer.h"
#include "chatcore/llm/remote_embedder.h"
#include "chatcore/summarizer.h"

namespace chatcore::command {
namespace {

using std::chrono::milliseconds;

milliseconds in_ms(base::Duration duration) { return std::chrono::ceil<milliseconds>(duration); }

// Ingest has time, and a backend that limits its rate wants it.
constexpr int kIngestRetries = 8;
constexpr milliseconds kIngestTotalTimeout{120'000};
constexpr std::size_t kEmbeddingCalls = 16;

llm::BackendOptions llm_options(const Config& config, const BackendKeys& keys) {
  const auto& llm = config.llm;
  return {.base_url = llm.base_url,
          .api_key = keys.llm,
          .ca_file = llm.ca_file,
          .max_calls = llm.max_connections,
          .queue_timeout = in_ms(llm.queue_timeout),
          .connect_timeout = in_ms(llm.connect_timeout),
          .first_byte_timeout = in_ms(llm.first_byte_timeout),
          .idle_timeout = in_ms(llm.idle_timeout),
          .total_timeout = in_ms(llm.total_timeout),
          .max_retries = static_cast<int>(llm.max_retries),
          .breaker = {.failures = static_cast<int>(llm.breaker_failures), .cooldown = llm.breaker_cooldown}};
}

llm::BackendOptions embedding_options(const Config& config, const BackendKeys& keys) {
  return {.base_url = config.embeddings.base_url,
          .api_key = keys.embeddings,
          .ca_file = config.embeddings.ca_file,
          .max_calls = kEmbeddingCalls,
          .total_timeout = in_ms(config.embeddings.total_timeout)};
}

llm::RemoteEmbedderOptions embedder_options(const Config& config) {
  return {.model = config.embeddings.model, .dimensions = config.embeddings.dimensions};
}

std::string read_key(const std::string& setting, const std::string& path, std::vector<std::string>& errors) {
  if (path.empty()) return "";
  auto key = read_secret(setting, path);
  if (key) return std::move(*key);
  errors.push_back(key.error().message);
  return "";
}

// Else the first question would find out, and every one after it.
void check_certificates(const std::string& setting, const std::string& path, std::vector<std::string>& errors) {
  constexpr std::size_t kMaxBytes = 16u << 20;
  if (path.empty()) return;
  const auto text = access::read_named_file(setting, path, kMaxBytes);
  if (!text) return errors.push_back(text.error().message);
  if (text->find("-----BEGIN ") != std::string::npos) return;
  const base::Error none{base::Code::invalid_argument, "holds no certificate in PEM"};
  errors.push_back(access::file_error(setting, path, none).message);
}

}  // namespace

BackendKeys read_backend_keys(const Config& config) {
  BackendKeys keys;
  if (!config.llm.base_url.empty()) {
    if (config.llm.model.empty()) keys.errors.emplace_back("llm.model: must be set with llm.base_url");
    keys.llm = read_key("llm.api_key_file", config.llm.api_key_file, keys.errors);
    check_certificates("llm.ca_file", config.llm.ca_file, keys.errors);
  }
  if (!config.embeddings.base_url.empty()) {
    constexpr std::size_t kMostDimensions = 65'536;
    const auto& embeddings = config.embeddings;
    if (embeddings.model.empty()) keys.errors.emplace_back("embeddings.model: must be set with embeddings.base_url");
    if (embeddings.dimensions == 0 || embeddings.dimensions > kMostDimensions) {
      keys.errors.emplace_back("embeddings.dimensions: must be from 1 to 65536 with embeddings.base_url");
    }
    keys.embeddings = read_key("embeddings.api_key_file", embeddings.api_key_file, keys.errors);
    check_certificates("embeddings.ca_file", embeddings.ca_file, keys.errors);
  }
  return keys;
}

std::unique_ptr<llm::Answerer> make_answerer(const Config& config, const BackendKeys& keys,
                                             std::shared_ptr<llm::LearnedLimits> learned, base::EventLoop& loop) {
  if (config.llm.base_url.empty()) {
    return std::make_unique<llm::ExtractiveAnswerer>(
        llm::ExtractiveOptions{.words_per_second = config.llm.words_per_second});
  }
  return std::make_unique<llm::OpenAiAnswerer>(
      llm::OpenAiOptions{.model = config.llm.model,
                         .system_prompt = config.llm.system_prompt,
                         .max_tokens_field = config.llm.max_tokens_field},
      std::make_shared<llm::Backend>("the language model", llm_options(config, keys), loop), std::move(learned));
}

std::unique_ptr<llm::Answerer> make_summary_writer(const Config& config, const BackendKeys& keys,
                                                   std::shared_ptr<llm::LearnedLimits> learned, base::EventLoop& loop) {
  if (!config.conversation.summary) return nullptr;
  auto options = llm_options(config, keys);
  options.max_calls = Summarizer::kMostAtOnce;
  // What fails is asked for again when more messages have left.
  options.max_retries = 0;
  return std::make_unique<llm::OpenAiAnswerer>(
      llm::OpenAiOptions{
          .model = config.llm.model, .system_prompt = "", .max_tokens_field = config.llm.max_tokens_field},
      std::make_shared<llm::Backend>("the language model, for a summary", std::move(options), loop),
      std::move(learned));
}

std::shared_ptr<retrieval::QueryEmbedder> make_query_embedder(const Config& config, const BackendKeys& keys,
                                                              base::EventLoop& loop) {
  if (config.embeddings.base_url.empty()) return retrieval::make_built_in_query_embedder();
  return llm::make_remote_query_embedder(
      embedder_options(config),
      std::make_shared<llm::Backend>("the embeddings backend", embedding_options(config, keys), loop));
}

std::shared_ptr<const retrieval::Embedder> make_embedder(const Config& config, const BackendKeys& keys) {
  if (config.embeddings.base_url.empty()) return retrieval::make_built_in_embedder();
  auto options = embedding_options(config, keys);
  options.max_retries = kIngestRetries;
  options.total_timeout = kIngestTotalTimeout;
  options.breaker.failures = 0;
  return llm::make_remote_embedder(embedder_options(config), std::move(options));
}

}  // namespace chatcore::command

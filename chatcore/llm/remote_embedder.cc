#include "chatcore/llm/remote_embedder.h"

#include <algorithm>
#include <future>
#include <iterator>
#include <thread>
#include <utility>

#include "chatcore/llm/openai_json.h"

namespace chatcore::llm {
namespace {

using Vectors = std::vector<std::vector<float>>;

// Common backends take up to a few hundred texts and some 300,000 tokens at once; a chunk has about 300.
constexpr std::size_t kMaxBatch = 64;
// A vector of 3,072 numbers is about 64 KiB of JSON.
constexpr std::size_t kMaxAnswerBytes = 64u << 20;

class RemoteQueryEmbedder final : public retrieval::QueryEmbedder {
 public:
  RemoteQueryEmbedder(RemoteEmbedderOptions options, std::shared_ptr<Backend> backend)
      : options_(std::move(options)),
        name_(options_.model + "/" + std::to_string(options_.dimensions)),
        backend_(std::move(backend)) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::size_t dimensions() const override { return options_.dimensions; }
  [[nodiscard]] bool is_cpu_bound() const override { return false; }

  void embed(std::vector<std::string> texts, std::span<const float> /*weights*/, Done done) override {
    struct Asking {
      std::string body;
      std::size_t count = 0;
      Vectors vectors;
      Done done;
    };
    auto asking = std::make_shared<Asking>();
    asking->count = texts.size();
    asking->done = std::move(done);
    CallEvents events{.on_data = [asking](std::string_view bytes) -> base::Result<CallEvents::Progress> {
                        if (asking->body.size() + bytes.size() > kMaxAnswerBytes) {
                          return base::fail(base::Code::unavailable, "the answer is too large");
                        }
                        asking->body += bytes;
                        return CallEvents::Progress::more;
                      },
                      .on_last_byte = [asking, dimensions = options_.dimensions]() -> base::Status {
                        auto vectors = parse_embeddings(asking->body, asking->count, dimensions);
                        if (!vectors) return base::fail(base::Code::unavailable, vectors.error().message);
                        asking->vectors = std::move(*vectors);
                        return {};
                      },
                      .on_end =
                          [asking](const base::Status& status) {
                            if (status)
                              asking->done(std::move(asking->vectors));
                            else
                              asking->done(base::fail(status.error()));
                          }};
    // The user is not known here. The text identifies the request, so that one failing text does not open the breaker.
    const Caller caller{.conversation = caller_hash(texts.empty() ? "" : texts.front())};
    backend_->call_to_its_end({.path = "/embeddings",
                               .body = embedding_request(texts, options_.model, options_.dimensions),
                               .content_type = "application/json",
                               .caller = caller},
                              std::move(events));
  }

 private:
  const RemoteEmbedderOptions options_;
  const std::string name_;
  const std::shared_ptr<Backend> backend_;
};

class RemoteEmbedder final : public retrieval::Embedder {
 public:
  RemoteEmbedder(RemoteEmbedderOptions options, BackendOptions backend)
      : embedder_(std::move(options), std::make_shared<Backend>("the embeddings backend", std::move(backend), loop_)),
        thread_([this] { loop_.run(); }) {}
  ~RemoteEmbedder() override {
    loop_.post([this] { loop_.stop(); });
    thread_.join();
  }
  RemoteEmbedder(const RemoteEmbedder&) = delete;
  RemoteEmbedder& operator=(const RemoteEmbedder&) = delete;

  [[nodiscard]] std::string_view name() const override { return embedder_.name(); }
  [[nodiscard]] std::size_t dimensions() const override { return embedder_.dimensions(); }

  [[nodiscard]] base::Result<std::vector<float>> embed(std::string_view text,
                                                       std::span<const float> weights) const override {
    auto vectors = embed_batch({&text, 1}, weights);
    if (!vectors) return base::fail(vectors.error());
    return std::move(vectors->front());
  }

  [[nodiscard]] base::Result<Vectors> embed_batch(std::span<const std::string_view> texts,
                                                  std::span<const float> /*weights*/) const override {
    Vectors vectors;
    for (std::size_t first = 0; first < texts.size(); first += kMaxBatch) {
      auto batch = ask(texts.subspan(first, std::min(kMaxBatch, texts.size() - first)));
      if (!batch) return base::fail(batch.error());
      std::move(batch->begin(), batch->end(), std::back_inserter(vectors));
    }
    return vectors;
  }

 private:
  [[nodiscard]] base::Result<Vectors> ask(std::span<const std::string_view> texts) const {
    std::promise<base::Result<Vectors>> answer;
    embedder_.embed(std::vector<std::string>(texts.begin(), texts.end()), {},
                    [&answer](base::Result<Vectors> vectors) { answer.set_value(std::move(vectors)); });
    return answer.get_future().get();
  }

  mutable base::EventLoop loop_;
  mutable RemoteQueryEmbedder embedder_;
  std::thread thread_;
};

}  // namespace

std::shared_ptr<retrieval::QueryEmbedder> make_remote_query_embedder(RemoteEmbedderOptions options,
                                                                     std::shared_ptr<Backend> backend) {
  return std::make_shared<RemoteQueryEmbedder>(std::move(options), std::move(backend));
}

std::shared_ptr<const retrieval::Embedder> make_remote_embedder(RemoteEmbedderOptions options, BackendOptions backend) {
  return std::make_shared<RemoteEmbedder>(std::move(options), std::move(backend));
}

}  // namespace chatcore::llm

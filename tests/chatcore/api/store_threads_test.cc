// Answers are made on the clients' I/O threads, never on the threads of the store that brought what they are made of.

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "base/http_client.h"
#include "base/http_server.h"
#include "chatcore/api/routes.h"
#include "tests/chatcore/turn_parts.h"

namespace chatcore::api {
namespace {

// Of requests that are not answered yet.
std::string requests_in_flight(const Metrics& metrics) {
  const std::string text = metrics.render({});
  const std::string name = "\nchatcore_requests_in_flight ";
  const auto at = text.find(name);
  return at == std::string::npos ? "none" : text.substr(at + name.size(), text.find('\n', at + 1) - at - name.size());
}

// A store that holds the loop's only thread while it calls back: whatever is answered then is answered on the store's.
class WatchedStore final : public storage::Store {
 public:
  WatchedStore(base::EventLoop& loop, const Metrics& metrics, std::unique_ptr<storage::Store> store)
      : loop_(loop), metrics_(metrics), store_(std::move(store)) {}

  void append(storage::Append what, std::function<void(base::Result<std::int64_t>)> done) override {
    store_->append(std::move(what), watched(std::move(done)));
  }
  void create(storage::NewConversation what, std::function<void(base::Result<std::int64_t>)> done) override {
    store_->create(std::move(what), watched(std::move(done)));
  }
  void fork(const storage::ConversationKey& from, std::int64_t last, storage::NewConversation to,
            std::function<void(base::Result<std::int64_t>)> done) override {
    store_->fork(from, last, std::move(to), watched(std::move(done)));
  }
  void set_metadata(const storage::ConversationKey& key, std::string metadata,
                    std::function<void(base::Result<bool>)> done) override {
    store_->set_metadata(key, std::move(metadata), watched(std::move(done)));
  }
  void keep_summary(storage::KeptSummary what, std::function<void(base::Result<bool>)> done) override {
    store_->keep_summary(std::move(what), watched(std::move(done)));
  }
  void remove_unused(const storage::ConversationKey& key, base::WallTime last_used,
                     std::function<void(base::Result<bool>)> done) override {
    store_->remove_unused(key, last_used, watched(std::move(done)));
  }
  void list_old(const storage::OldRequest& request,
                std::function<void(base::Result<std::vector<storage::OldConversation>>)> done) override {
    store_->list_old(request, watched(std::move(done)));
  }
  void used_bytes(std::function<void(base::Result<base::Bytes>)> done) override {
    store_->used_bytes(watched(std::move(done)));
  }
  void check_write(std::function<void(base::Status)> done) override { store_->check_write(watched(std::move(done))); }
  void remove_message(const storage::ConversationKey& key, std::int64_t sequence,
                      std::function<void(base::Result<bool>)> done) override {
    store_->remove_message(key, sequence, watched(std::move(done)));
  }
  void remove(const storage::ConversationKey& key, std::function<void(base::Result<bool>)> done) override {
    store_->remove(key, watched(std::move(done)));
  }
  void load_window(const storage::ConversationKey& key, std::size_t max_messages,
                   std::function<void(base::Result<storage::Window>)> done) override {
    store_->load_window(key, max_messages, watched(std::move(done)));
  }
  void list(const std::string& user, std::size_t limit,
            std::function<void(base::Result<std::vector<storage::ConversationSummary>>)> done) override {
    store_->list(user, limit, watched(std::move(done)));
  }
  void describe(const storage::ConversationKey& key,
                std::function<void(base::Result<std::optional<storage::Description>>)> done) override {
    store_->describe(key, watched(std::move(done)));
  }
  void list_messages(const storage::ConversationKey& key, storage::PageRequest page,
                     std::function<void(base::Result<std::optional<storage::Page>>)> done) override {
    store_->list_messages(key, page, watched(std::move(done)));
  }
  void find_response(const std::string& user, const std::string& response_id,
                     std::function<void(base::Result<std::optional<storage::StoredResponse>>)> done) override {
    store_->find_response(user, response_id, watched(std::move(done)));
  }
  void drop_page_cache() override {}
  [[nodiscard]] storage::StoreStatistics statistics() const override { return store_->statistics(); }
  void close() override { store_->close(); }

  [[nodiscard]] int callbacks() const { return callbacks_; }
  [[nodiscard]] int answered_here() const { return answered_here_; }

 private:
  template <class T>
  std::function<void(T)> watched(std::function<void(T)> done) {
    return [this, done = std::move(done)](T value) {
      ++callbacks_;
      std::promise<void> held;
      std::promise<void> release;
      loop_.post([&held, released = release.get_future().share()] {
        held.set_value();
        released.wait();
      });
      held.get_future().wait();
      const std::string before = requests_in_flight(metrics_);
      done(std::move(value));
      if (requests_in_flight(metrics_) != before) ++answered_here_;
      release.set_value();
    };
  }

  base::EventLoop& loop_;
  const Metrics& metrics_;
  const std::unique_ptr<storage::Store> store_;
  std::atomic<int> callbacks_{0};
  std::atomic<int> answered_here_{0};
};

class StoreThreads : public ::testing::Test {
 protected:
  StoreThreads() {
    port_ = server_.listen("127.0.0.1:0").value();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~StoreThreads() override {
    store_.close();
    loop_.stop();
    thread_.join();
  }
  base::FetchResponse ask(const std::string& method, const std::string& target, const std::string& body = "") {
    base::FetchRequest request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(port_) + target;
    request.body = body;
    if (!body.empty()) request.headers = {{"content-type", "application/json"}};
    auto answer = base::fetch(request);
    EXPECT_TRUE(answer) << target;
    return answer.value_or(base::FetchResponse{});
  }
  // `key` of a flat document.
  static std::string text_of(const std::string& json, const std::string& key) {
    const std::string before = "\"" + key + "\":\"";
    const auto at = json.find(before);
    if (at == std::string::npos) return "";
    return json.substr(at + before.size(), json.find('"', at + before.size()) - at - before.size());
  }

  base::SystemClock clock_;
  memory::Budget budget_{base::mebibytes(64)};
  Metrics metrics_{"1", "1"};
  Admission admission_{{}};
  base::EventLoop loop_{1};
  WatchedStore store_{loop_, metrics_, storage::open_store("sqlite://:memory:", clock_).value()};
  conversation::Registry registry_{{}, clock_};
  conversation::Sweeper sweeper_{registry_, clock_, loop_};
  PressureController pressure_controller_{budget_, sweeper_, loop_, [] {}};
  std::shared_ptr<retrieval::QueryEmbedder> embedder_ = retrieval::make_built_in_query_embedder();
  retrieval::Retriever retriever_{{}, embedder_};
  ::chatcore::testing::FakeAnswerer answerer_;
  access::Authenticator authenticator_{access::Credentials{}};
  access::UserLimits limits_{access::UserLimitSettings{}};
  ChainIndex chains_;
  AuthMiddleware auth_{authenticator_, limits_, AuthRules{}};
  ApiParts parts_{.turn = {.loop = loop_,
                           .registry = registry_,
                           .store = store_,
                           .retriever = retriever_,
                           .answerer = answerer_,
                           .metrics = metrics_},
                  .embedder = *embedder_,
                  .admission = admission_,
                  .sweeper = sweeper_,
                  .budget = budget_,
                  .pressure_controller = pressure_controller_,
                  .clock = clock_,
                  .auth = auth_,
                  .chains = chains_,
                  .started = clock_.wall_now(),
                  .return_free_memory = [] {}};
  base::HttpServer server_{loop_, {}, route_requests(parts_)};
  std::uint16_t port_ = 0;
  std::thread thread_;
};

TEST_F(StoreThreads, MakeNoAnswers) {
  const auto created = ask("POST", "/v1/conversations", R"({"items":[{"role":"user","content":"hello"}]})");
  EXPECT_EQ(created.status, 200);
  const std::string id = text_of(created.body, "id");
  const std::string one = "/v1/conversations/" + id;
  EXPECT_EQ(ask("GET", one).status, 200);
  EXPECT_EQ(ask("POST", one, R"({"metadata":{"a":"b"}})").status, 200);
  const auto items = ask("GET", one + "/items");
  EXPECT_EQ(items.status, 200);
  const std::string item = one + "/items/" + text_of(items.body, "first_id");
  EXPECT_EQ(ask("GET", item).status, 200);
  EXPECT_EQ(ask("GET", "/api/conversations").status, 200);
  EXPECT_EQ(ask("GET", "/api/conversations?conversationId=" + id).status, 200);
  EXPECT_EQ(ask("GET", "/-/ready").status, 200);
  EXPECT_EQ(ask("GET", "/v1/responses/resp_none").status, 404);
  EXPECT_EQ(ask("DELETE", "/v1/responses/resp_none").status, 404);
  EXPECT_EQ(ask("DELETE", item).status, 200);
  EXPECT_EQ(ask("DELETE", one).status, 200);
  EXPECT_EQ(ask("DELETE", "/api/conversations?conversationId=" + id).status, 404);

  EXPECT_GE(store_.callbacks(), 13);
  EXPECT_EQ(store_.answered_here(), 0);
}

}  // namespace
}  // namespace chatcore::api

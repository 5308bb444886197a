#pragma once
// What a turn works with, as a test wants it: a store and an answerer that do what the test says and when, a real
// registry, and a loop on a thread of its own that the test waits for.

#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "chatcore/retrieval/query_embedder.h"
#include "chatcore/turn.h"

namespace chatcore::testing {

// Keeps one conversation, in memory. A call whose error is set fails with it once (or so often); while held, calls
// wait.
class FakeStore final : public storage::Store {
 public:
  void append(storage::Append what, std::function<void(base::Result<std::int64_t>)> done) override {
    auto work = [this, message = std::move(what.message), after = what.after, id = std::move(what.response_id),
                 done = std::move(done)]() mutable {
      if (auto error = append_error) {
        if (--append_errors_left <= 0) append_error.reset();
        return done(base::fail(*error));
      }
      if (after != static_cast<std::int64_t>(messages.size()))
        return done(base::fail(base::Code::conflict, "other writer"));
      message.sequence = after + 1;
      messages.push_back(std::move(message));
      response_ids.push_back(std::move(id));
      done(after + 1);
    };
    if (held)
      waiting.emplace_back(std::move(work));
    else
      work();
  }
  void load_window(const storage::ConversationKey&, std::size_t,
                   std::function<void(base::Result<storage::Window>)> done) override {
    ++loads;
    if (auto error = std::exchange(load_error, std::nullopt)) return done(base::fail(*error));
    done(storage::Window{.messages = messages,
                         .last_sequence = static_cast<std::int64_t>(messages.size()),
                         .exists = !messages.empty(),
                         .summary = summary});
  }
  void create(storage::NewConversation, std::function<void(base::Result<std::int64_t>)>) override {}
  void fork(const storage::ConversationKey&, std::int64_t, storage::NewConversation,
            std::function<void(base::Result<std::int64_t>)>) override {}
  void set_metadata(const storage::ConversationKey&, std::string, std::function<void(base::Result<bool>)>) override {}
  void keep_summary(storage::KeptSummary what, std::function<void(base::Result<bool>)> done) override {
    summary = std::move(what.summary);
    done(true);
  }
  void remove_unused(const storage::ConversationKey&, base::WallTime,
                     std::function<void(base::Result<bool>)>) override {}
  void list_old(const storage::OldRequest&,
                std::function<void(base::Result<std::vector<storage::OldConversation>>)>) override {}
  void used_bytes(std::function<void(base::Result<base::Bytes>)>) override {}
  void check_write(std::function<void(base::Status)>) override {}
  void remove_message(const storage::ConversationKey&, std::int64_t, std::function<void(base::Result<bool>)>) override {
  }
  void describe(const storage::ConversationKey&,
                std::function<void(base::Result<std::optional<storage::Description>>)>) override {}
  void list_messages(const storage::ConversationKey&, storage::PageRequest page,
                     std::function<void(base::Result<std::optional<storage::Page>>)> done) override {
    storage::Page found;
    for (const auto& message : messages) {
      if (message.sequence > page.after && found.messages.size() < page.limit) found.messages.push_back(message);
    }
    done(std::optional(std::move(found)));
  }
  void find_response(const std::string&, const std::string&,
                     std::function<void(base::Result<std::optional<storage::StoredResponse>>)>) override {}
  void list(const std::string&, std::size_t,
            std::function<void(base::Result<std::vector<storage::ConversationSummary>>)>) override {}
  void remove(const storage::ConversationKey&, std::function<void(base::Result<bool>)>) override {}
  void drop_page_cache() override {}
  [[nodiscard]] storage::StoreStatistics statistics() const override { return {}; }
  void close() override {}

  void release() {
    held = false;
    for (; !waiting.empty(); waiting.pop_front()) waiting.front()();
  }

  std::vector<storage::Message> messages;
  storage::Summary summary;
  std::vector<std::string> response_ids;  // of the messages appended here
  std::optional<base::Error> append_error;
  int append_errors_left = 1;
  std::optional<base::Error> load_error;
  int loads = 0;
  bool held = false;
  std::deque<std::function<void()>> waiting;
};

// Says what the test makes it say.
class FakeAnswerer final : public llm::Answerer {
 public:
  struct Running {
    llm::Prompt prompt;
    llm::GenerationEvents events;
    bool paused = false;
    bool cancelled = false;
  };

  FakeAnswerer() = default;
  // A generation that a test leaves unended holds its turn, and the turn it.
  ~FakeAnswerer() override {
    for (const auto& one : all_) one->events = {};
  }
  FakeAnswerer(const FakeAnswerer&) = delete;
  FakeAnswerer& operator=(const FakeAnswerer&) = delete;

  [[nodiscard]] std::string_view model() const override { return "fake"; }
  [[nodiscard]] std::unique_ptr<llm::Generation> generate(llm::Prompt prompt, llm::GenerationEvents events,
                                                          base::EventLoop&) override {
    running = std::make_shared<Running>();
    all_.push_back(running);
    running->prompt = std::move(prompt);
    running->events = std::move(events);
    return std::make_unique<Handle>(running);
  }

  [[nodiscard]] bool is_cpu_bound() const override { return cpu_bound; }
  [[nodiscard]] bool passes_on() const override { return true; }
  [[nodiscard]] std::optional<llm::BackendStatistics> statistics() const override { return backend; }

  std::shared_ptr<Running> running;  // the last begun
  std::optional<llm::BackendStatistics> backend;
  bool cpu_bound = false;

 private:
  class Handle final : public llm::Generation {
   public:
    explicit Handle(std::shared_ptr<Running> running) : running_(std::move(running)) {}
    ~Handle() override { running_->events = {}; }
    void pause() override { running_->paused = true; }
    void resume() override { running_->paused = false; }
    void cancel() override { running_->cancelled = true; }

   private:
    std::shared_ptr<Running> running_;
  };

  std::vector<std::shared_ptr<Running>> all_;
};

// What the client of one turn has seen.
struct Client {
  bool begun = false;
  std::int64_t answer_sequence = -1;  // as it was announced
  std::string text;
  std::string parts;       // "name=piece;" for each
  std::size_t queued = 0;  // what on_text and on_part answer
  std::optional<TurnResult> result;
};

struct TurnWorld {
  explicit TurnWorld(base::Bytes max_answer = base::mebibytes(1)) : parts_max_answer(max_answer) {}
  ~TurnWorld() {
    settle();
    loop.stop();
    thread.join();
  }

  std::shared_ptr<Turn> begin(Client& client, const std::string& question, bool stateless = false) {
    TurnRequest request{.conversation = std::nullopt, .messages = {{.content = question}}};
    if (!stateless) request.conversation = conversation::ConversationKey{.user = "", .id = "c"};
    return begin(client, std::move(request));
  }
  std::shared_ptr<Turn> begin(Client& client, TurnRequest request) {
    TurnEvents events{.on_begin =
                          [&client](std::int64_t answer_sequence) {
                            client.begun = true;
                            client.answer_sequence = answer_sequence;
                          },
                      .on_text =
                          [&client](std::string_view text) {
                            client.text += text;
                            return client.queued;
                          },
                      .on_end = [&client](const TurnResult& result) { client.result = result; },
                      .on_part =
                          [&client](llm::AnswerPart part, std::string_view piece) {
                            client.parts.append(name_of(part)).append("=").append(piece).append(";");
                            return client.queued;
                          }};
    auto turn = Turn::begin(parts(), std::move(*admission.enter({1})), std::move(request), std::move(events));
    settle();
    return turn;
  }
  // An event may end its generation, which then lets go of the events on the loop's thread: so a copy is called.
  void say(const std::string& text) {
    const auto on_text = answerer.running->events.on_text;
    on_text(text);
    settle();
  }
  void say_part(llm::AnswerPart part, const std::string& piece) {
    const auto on_part = answerer.running->events.on_part;
    on_part(part, piece);
    settle();
  }
  void say_first_byte() {
    const auto on_first_byte = answerer.running->events.on_first_byte;
    on_first_byte();
    settle();
  }
  void finish(base::Status status = {}) { finish(llm::Generated{.status = std::move(status)}); }
  void finish(llm::Generated generated) {
    const auto on_end = answerer.running->events.on_end;
    on_end(std::move(generated));
    settle();
  }
  // Until the loop has done all that has been posted and what that posted in turn; a turn's longest chain is five.
  void settle() {
    for (int i = 0; i < 8; ++i) {
      std::promise<void> reached;
      loop.post([&reached] { reached.set_value(); });
      reached.get_future().wait();
    }
  }
  TurnParts parts() {
    return {.loop = loop,
            .registry = registry,
            .store = store,
            .retriever = other_retriever ? *other_retriever : retriever,
            .answerer = answerer,
            .metrics = metrics,
            .max_answer = parts_max_answer,
            .window_tokens = window_tokens};
  }

  base::ManualClock clock;
  base::EventLoop loop;
  Admission admission{{}};
  conversation::Registry registry{{}, clock};
  FakeStore store;
  retrieval::Retriever retriever{{}, retrieval::make_built_in_query_embedder()};
  retrieval::Retriever* other_retriever = nullptr;  // instead of that one
  FakeAnswerer answerer;
  Metrics metrics{"1", "1"};
  base::Bytes parts_max_answer;
  std::size_t window_tokens = 0;
  base::Pending keeps_loop_alive = loop.every(std::chrono::hours(1), [](int) {});
  std::thread thread{[this] { loop.run(); }};
};

}  // namespace chatcore::testing

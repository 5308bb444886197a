#include "chatcore/storage/postgres_connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <endian.h>
#include <poll.h>

#include <libpq-fe.h>

#include "chatcore/storage/outage.h"
#include "chatcore/storage/postgres_state.h"

namespace chatcore::storage {
namespace {

using base::Code;

std::string one_line(const char* words) {
  std::string text(words == nullptr ? "" : words);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::ranges::replace(text, '\n', ' ');
  return text;
}

std::string state_of(const pg_result* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return state == nullptr ? "" : state;
}

base::Error error_of(const pg_result* result) {
  const std::string state = state_of(result);
  // The detail is left out: it quotes what people said.
  const char* words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  std::string message = "postgresql: " + one_line(words == nullptr ? PQresultErrorMessage(result) : words) +
                        (state.empty() ? "" : " (" + state + ")");
  constexpr std::string_view kDiskFull = "53100";
  if (state == kDiskFull) return full_disk(std::move(message));
  return {state.empty() ? Code::unavailable : code_of_state(state), std::move(message)};
}

bool is_good(const pg_result* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY;
}

struct Parameters {
  std::vector<const char*> names;
  std::vector<const char*> values;
  void add(const char* name, const char* value) {
    names.push_back(name);
    values.push_back(value);
  }
};

bool is_understood(const std::string& url) {
  PQconninfoOption* const options = PQconninfoParse(url.c_str(), nullptr);
  PQconninfoFree(options);
  return options != nullptr;
}

// The kernel notices a machine that has vanished from the network, and a standby is passed over when the URL names
// several hosts.
pg_conn* connect(const std::string& url, const std::string& connect_seconds) {
  Parameters parameters;
  parameters.add("application_name", "chatcore");
  parameters.add("connect_timeout", connect_seconds.c_str());
  parameters.add("keepalives_idle", "5");
  parameters.add("keepalives_interval", "2");
  parameters.add("keepalives_count", "3");
  parameters.add("tcp_user_timeout", "10000");
  parameters.add("target_session_attrs", "read-write");
  // After those, so that it wins where it names them too.
  parameters.add("dbname", url.c_str());
  parameters.add("client_encoding", "UTF8");
  parameters.add(nullptr, nullptr);
  constexpr int kDbnameIsAUrl = 1;
  return PQconnectdbParams(parameters.names.data(), parameters.values.data(), kDbnameIsAUrl);
}

}  // namespace

void PostgresConnection::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }
void PostgresRows::Clear::operator()(pg_result* result) const { PQclear(result); }

int PostgresRows::size() const { return PQntuples(result_.get()); }

std::int64_t PostgresRows::number(int row, int column) const {
  const char* value = PQgetvalue(result_.get(), row, column);
  if (PQgetlength(result_.get(), row, column) == 1) return *value;
  std::uint64_t number = 0;
  if (PQgetlength(result_.get(), row, column) == sizeof number) std::memcpy(&number, value, sizeof number);
  return static_cast<std::int64_t>(be64toh(number));
}

std::string PostgresRows::text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

base::Result<PostgresConnection> PostgresConnection::open(const std::string& url, const PostgresTimes& times) {
  if (!is_understood(url)) {
    return base::fail(Code::invalid_argument,
                      "the database URL is not of the form postgresql://user:password@host:port/database, in which "
                      "special characters are written as %XX");
  }
  PostgresConnection opened(connect(url, std::to_string(times.connect_seconds)), times.silence_milliseconds);
  pg_conn* const raw = opened.connection_.get();
  if (PQstatus(raw) != CONNECTION_OK) {
    const bool refused = PQconnectionNeedsPassword(raw) != 0 || PQconnectionUsedPassword(raw) != 0;
    return base::fail(refused ? Code::permission_denied : Code::unavailable,
                      "connect: " + one_line(PQerrorMessage(raw)));
  }
  // libpq would print what the server remarks on; an error comes as a value.
  PQsetNoticeProcessor(
      raw, [](void*, const char*) {}, nullptr);
  if (PQsetnonblocking(raw, 1) != 0) return base::fail(opened.lost("set non-blocking"));
  if (auto settled = opened.execute(
          "SET lock_timeout = " + std::to_string(times.lock_milliseconds) +
          "; SET statement_timeout = " + std::to_string(times.statement_milliseconds) +
          "; SET idle_in_transaction_session_timeout = " + std::to_string(times.silence_milliseconds) +
          // Acknowledged is durable, whatever the server's default; what is stronger yet is left as it is.
          "; SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') "
          "IN ('off', 'local', 'remote_write'); SET search_path = chatcore");
      !settled) {
    return base::fail(settled.error());
  }
  return opened;
}

base::Error PostgresConnection::lost(std::string_view what) {
  std::string words = "postgresql: " + std::string(what) + ": " + one_line(PQerrorMessage(connection_.get()));
  connection_.reset();
  return {Code::unavailable, std::move(words)};
}

// Waits until the socket can be read (or written), or nothing has moved for too long.
base::Status PostgresConnection::wait(bool for_writing) {
  pollfd socket{.fd = PQsocket(connection_.get()), .events = POLLIN, .revents = 0};
  if (for_writing) socket.events = POLLIN | POLLOUT;
  int ready = 0;
  do {
    ready = ::poll(&socket, 1, silence_milliseconds_);
  } while (ready < 0 && errno == EINTR);
  if (ready > 0) return {};
  connection_.reset();
  return base::fail(Code::deadline_exceeded,
                    "postgresql: no answer within " + std::to_string(silence_milliseconds_) + " ms");
}

base::Status PostgresConnection::flush() {
  while (true) {
    const int left = PQflush(connection_.get());
    if (left == 0) return {};
    if (left < 0) return base::fail(lost("send"));
    if (auto moved = wait(true); !moved) return moved;
    // The server may have to be read from before it goes on reading.
    if (PQconsumeInput(connection_.get()) == 0) return base::fail(lost("receive"));
  }
}

base::Result<PostgresRows> PostgresConnection::next_result() {
  while (PQisBusy(connection_.get()) != 0) {
    if (auto moved = wait(false); !moved) return base::fail(moved.error());
    if (PQconsumeInput(connection_.get()) == 0) return base::fail(lost("receive"));
  }
  return PostgresRows(PQgetResult(connection_.get()));
}

base::Status PostgresConnection::execute(const std::string& sql) {
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) return base::fail(lost("send"));
  if (auto sent = flush(); !sent) return sent;
  base::Status outcome;
  while (true) {
    const auto result = next_result();
    if (!result) return base::fail(result.error());
    if (result->result_ == nullptr) return outcome;
    if (outcome && !is_good(result->result_.get())) outcome = base::fail(error_of(result->result_.get()));
  }
}

base::Result<std::int64_t> PostgresConnection::query_number(const std::string& sql) {
  constexpr int kBinary = 1;
  if (PQsendQueryParams(connection_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, kBinary) == 0) {
    return base::fail(lost("send"));
  }
  if (auto sent = flush(); !sent) return base::fail(sent.error());
  base::Result<std::int64_t> outcome = 0;
  while (true) {
    const auto result = next_result();
    if (!result) return base::fail(result.error());
    if (result->result_ == nullptr) return outcome;
    if (!is_good(result->result_.get())) {
      outcome = base::fail(error_of(result->result_.get()));
    } else if (!result->empty()) {
      outcome = result->number(0, 0);
    }
  }
}

base::Status PostgresConnection::prepare(std::span<const PostgresStatement> statements) {
  if (PQenterPipelineMode(connection_.get()) == 0) return base::fail(lost("begin a batch"));
  for (const PostgresStatement& statement : statements) {
    if (PQsendPrepare(connection_.get(), statement.name, statement.text, 0, nullptr) == 0) {
      return base::fail(lost("prepare"));
    }
  }
  if (PQpipelineSync(connection_.get()) == 0) return base::fail(lost("send"));
  if (auto sent = flush(); !sent) return sent;
  return end_pipeline(statements.size());
}

base::Status PostgresConnection::send(const PostgresCall& call) {
  const std::size_t count = call.parameters_.size();
  std::vector<const char*> values(count);
  std::vector<int> sizes(count);
  const std::vector<int> formats(count, 1);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& parameter = call.parameters_[i];
    values[i] = parameter.text != nullptr ? parameter.text : parameter.number.data();
    sizes[i] = static_cast<int>(parameter.text != nullptr ? parameter.size : parameter.number.size());
  }
  constexpr int kBinary = 1;
  if (PQsendQueryPrepared(connection_.get(), call.statement_->name, static_cast<int>(count), values.data(),
                          sizes.data(), formats.data(), kBinary) == 0) {
    return base::fail(lost("send"));
  }
  // Each in turn, so that libpq's buffer, which never shrinks, holds no more than one of them.
  return flush();
}

base::Result<std::vector<PostgresRows>> PostgresConnection::run(std::span<const PostgresCall> calls) {
  has_lost_race_ = false;
  if (PQenterPipelineMode(connection_.get()) == 0) return base::fail(lost("begin a batch"));
  for (const PostgresCall& call : calls) {
    if (auto sent = send(call); !sent) return base::fail(sent.error());
  }
  if (PQpipelineSync(connection_.get()) == 0) return base::fail(lost("send"));
  if (auto sent = flush(); !sent) return base::fail(sent.error());

  std::vector<PostgresRows> answers;
  while (answers.size() < calls.size()) {
    auto result = next_result();
    if (!result) return base::fail(result.error());
    if (result->result_ == nullptr) {  // stands between two results, and for ever after the connection
      if (PQstatus(connection_.get()) != CONNECTION_OK) return base::fail(lost("receive"));
      continue;
    }
    if (!is_good(result->result_.get())) {
      auto error = error_of(result->result_.get());
      has_lost_race_ = is_lost_race(state_of(result->result_.get()));
      if (PQstatus(connection_.get()) != CONNECTION_OK) return base::fail(lost(error.message));
      if (auto ended = end_pipeline(calls.size() - answers.size() - 1); !ended) return base::fail(ended.error());
      return base::fail(std::move(error));
    }
    answers.push_back(*std::move(result));
  }
  if (auto ended = end_pipeline(0); !ended) return base::fail(ended.error());
  return answers;
}

// Reads the results that are left, up to the end of the batch. The first error among them is returned.
base::Status PostgresConnection::end_pipeline(std::size_t results_due) {
  base::Status outcome;
  // Each result is followed by a null, and the end of the batch stands after the last.
  for (std::size_t most = 2 * results_due + 4; most > 0; --most) {
    const auto result = next_result();
    if (!result) return base::fail(result.error());
    const pg_result* const one = result->result_.get();
    if (one == nullptr) {
      if (PQstatus(connection_.get()) != CONNECTION_OK) return base::fail(lost("receive"));
      continue;
    }
    if (PQresultStatus(one) == PGRES_PIPELINE_SYNC) {
      if (PQexitPipelineMode(connection_.get()) == 0) return base::fail(lost("end a batch"));
      if (PQtransactionStatus(connection_.get()) == PQTRANS_INERROR) {
        if (auto undone = execute("ROLLBACK"); !undone) return undone;
      }
      return outcome;
    }
    // What follows an error is not carried out, and says no more than that.
    const bool is_skipped = PQresultStatus(one) == PGRES_PIPELINE_ABORTED;
    if (outcome && !is_skipped && !is_good(one)) outcome = base::fail(error_of(one));
  }
  return base::fail(lost("the end of a batch is missing"));
}

bool PostgresConnection::is_open() {
  if (!connection_) return false;
  pollfd socket{.fd = PQsocket(connection_.get()), .events = POLLIN, .revents = 0};
  if (::poll(&socket, 1, 0) <= 0) return true;
  // What a server says to a connection that asks nothing is its farewell, and the end of the stream may come a moment
  // later: waited for, it would take the next group of writes with it. All else (a setting of the server that was
  // changed) is so rare that a new connection costs less than to tell them apart.
  connection_.reset();
  return false;
}

}  // namespace chatcore::storage

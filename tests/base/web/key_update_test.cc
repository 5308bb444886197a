// TLS 1.3 lets a client send key updates at any time; OpenSSL's client side stands in for one that misuses them.

#include <csignal>
#include <string>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "protected_server.h"

namespace base {
namespace {

class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    SSL_set_fd(session_, socket_);
    EXPECT_EQ(SSL_connect(session_), 1);
  }
  ~TlsClient() {
    SSL_free(session_);
    SSL_CTX_free(context_);
    ::close(socket_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  [[nodiscard]] bool update_key() {
    return SSL_key_update(session_, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(session_) == 1;
  }
  [[nodiscard]] std::string ask() {
    const std::string request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    SSL_write(session_, request.data(), static_cast<int>(request.size()));
    std::string answer(4096, '\0');
    const int bytes = SSL_read(session_, answer.data(), static_cast<int>(answer.size()));
    answer.resize(bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
    return answer;
  }

 private:
  SSL_CTX* const context_ = SSL_CTX_new(TLS_client_method());
  SSL* const session_ = SSL_new(context_);
  const int socket_;
};

TEST(KeyUpdate, IsFollowedByRequestsAsBefore) {
  const ProtectedServer server(with_tls());
  TlsClient client(server.port());
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(client.update_key());
    if (i % 10 != 0) continue;
    EXPECT_THAT(client.ask(), testing::HasSubstr("user= tls"));
  }
}

TEST(KeyUpdate, AClientThatSendsNothingElseIsCut) {
  const ProtectedServer server(with_tls());
  TlsClient client(server.port());
  int updates = 0;
  constexpr int kFarTooMany = 200'000;
  while (updates < kFarTooMany && client.update_key()) ++updates;
  EXPECT_LT(updates, kFarTooMany);
  EXPECT_TRUE(fetch(server.request("https")));
}

}  // namespace
}  // namespace base

#pragma once
// TLS for the HTTP server, by OpenSSL: an immutable context holds the certificate and the rules for clients; each
// connection has a session of its own, over a socket that does not block. Only tls.cc includes OpenSSL's TLS headers.
//
// A session keeps its context: a reloaded certificate applies to new connections.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace base {

// Whether a client has to present a certificate. Only a verified certificate
// authenticates the client; it names no user.
enum class ClientCertificate { none, requested, required, verified_if_given, verified };

struct TlsSettings {
  std::string certificates;  // PEM: the server's own first, then those that lead from it to a root
  std::string key;           // PEM, without a passphrase
  std::string client_ca;     // PEM: who signs clients' certificates
  ClientCertificate client_certificate = ClientCertificate::none;
  std::vector<std::string> client_allowed_sans;  // DNS names, addresses, e-mails, URIs; one must be in the certificate
  bool allows_1_2 = true;
  bool allows_1_3 = true;
  std::vector<std::string>
      cipher_suites;                // of TLS 1.2, by their IANA names; empty: those with forward secrecy and AEAD
  std::vector<std::string> curves;  // by Go's names ("X25519", "CurveP256"); empty: OpenSSL's default
  bool prefers_own_order = true;    // of cipher_suites
};

// Whether the name is supported in TlsSettings.
bool is_cipher_suite(std::string_view name);
bool is_curve(std::string_view name);

// How a call to a socket that does not block ended: bytes transferred, would block, or failed. 0 bytes with both flags
// false are the end of the stream.
struct IoOutcome {
  std::size_t bytes = 0;
  bool would_block = false;
  bool failed = false;
};

// Thread-safe, as it does not change.
class TlsContext {
 public:
  // Errors: invalid_argument, in words for the operator: invalid PEM, a key that does not belong to the certificate or
  // is encrypted, an unknown name.
  static Result<std::shared_ptr<const TlsContext>> make(const TlsSettings& settings);

  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

 private:
  friend class TlsSession;
  explicit TlsContext(ssl_ctx_st* context, std::vector<std::string> allowed_sans);

  ssl_ctx_st* context_;
  const std::vector<std::string> allowed_sans_;
};

// The server's side of one connection. The handshake happens within the first calls of read() and write(); either may
// have to wait for the other direction, so after `would_block` both are tried again when the socket is ready for
// anything.
class TlsSession {
 public:
  // What a session holds in memory when nothing is under way, measured (tests/bench/idle_connections.py --tls).
  static constexpr std::size_t kBytes = 16u << 10;

  // `socket` is the caller's, which closes it after this.
  TlsSession(std::shared_ptr<const TlsContext> context, int socket);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();

  // At most one record (16 KiB): bytes may be left although fewer came than `into` has room for.
  // REQUIRES: no write() is pending (returned would_block and not yet repeated).
  IoOutcome read(std::span<char> into);
  IoOutcome write(std::string_view bytes);
  // Says that nothing more will be sent, if the socket takes that now.
  void close_notify();

 private:
  IoOutcome outcome(int result, std::size_t bytes);
  [[nodiscard]] bool is_allowed_client();

  const std::shared_ptr<const TlsContext> context_;
  ssl_st* session_;
  const int socket_;
  bool is_client_allowed_ = false;  // its certificate has a name of client_allowed_sans
  bool has_failed_ = false;
  int reads_without_data_ = 0;  // in a row
};

}  // namespace base

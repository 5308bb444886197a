#include "base/tls.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace base {
namespace {

// Forward secrecy and authenticated encryption: what Go's servers, and so Prometheus' exporters, allow by default.
constexpr const char* kDefaultSuites = "ECDHE+AESGCM:ECDHE+CHACHA20";

// The names of the web config file, and OpenSSL's.
constexpr std::array<std::pair<std::string_view, const char*>, 4> kCurves{
    {{"X25519", "X25519"}, {"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}}};

// Consecutive reads without application data (key updates, parts of a record, nothing to read), after which the
// connection is closed.
constexpr int kMaxReadsWithoutData = 4096;

// To a client that speaks plain HTTP to a port with TLS.
constexpr std::string_view kPlainHttpAnswer =
    "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
    "This port requires HTTPS: use https:// instead of http://\n";

template <class T, void (*Free)(T*)>
struct Deleter {
  void operator()(T* object) const { Free(object); }
};
void free_bio(BIO* bio) { BIO_free(bio); }
using Bio = std::unique_ptr<BIO, Deleter<BIO, free_bio>>;
using Certificate = std::unique_ptr<X509, Deleter<X509, X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY, EVP_PKEY_free>>;

Bio memory_bio(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

// OpenSSL would ask for a passphrase on the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

std::string last_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason == nullptr ? "unknown reason" : reason;
}

tl::unexpected<Error> invalid(std::string message) { return fail(Code::invalid_argument, std::move(message)); }

// All certificates of a PEM text, in order. Text around them, as openssl prints it, is passed over.
Result<std::vector<Certificate>> read_certificates(const std::string& pem) {
  std::vector<Certificate> certificates;
  const Bio reader = memory_bio(pem);
  while (X509* const next = PEM_read_bio_X509_AUX(reader.get(), nullptr, no_passphrase, nullptr)) {
    certificates.emplace_back(next);
  }
  const bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!is_at_end) return invalid("not a PEM certificate: " + last_reason());
  ERR_clear_error();
  if (certificates.empty()) return invalid("there is no PEM certificate (-----BEGIN CERTIFICATE-----)");
  return certificates;
}

Status use_certificates(SSL_CTX* context, const std::string& pem) {
  const auto certificates = read_certificates(pem);
  if (!certificates) return fail(certificates.error().within("certificate"));
  if (SSL_CTX_use_certificate(context, certificates->front().get()) != 1)
    return invalid("certificate: rejected by OpenSSL: " + last_reason());
  for (std::size_t i = 1; i < certificates->size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, (*certificates)[i].get()) != 1)
      return invalid("certificate: chain certificate " + std::to_string(i) + " rejected by OpenSSL: " + last_reason());
  }
  return {};
}

Status use_key(SSL_CTX* context, const std::string& pem) {
  const Bio reader = memory_bio(pem);
  const Key key(PEM_read_bio_PrivateKey(reader.get(), nullptr, no_passphrase, nullptr));
  if (!key && pem.find("ENCRYPTED") != std::string::npos) {
    ERR_clear_error();
    return invalid("key: it is encrypted; remove the passphrase: openssl pkey -in … -out …");
  }
  if (!key) return invalid("key: not a PEM private key: " + last_reason());
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    return invalid("key: does not match the certificate: " + last_reason());
  return {};
}

Status use_client_ca(SSL_CTX* context, const std::string& pem) {
  const auto certificates = read_certificates(pem);
  if (!certificates) return fail(certificates.error().within("client CA"));
  for (const Certificate& certificate : *certificates) {
    // A bundle may hold one twice.
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get()) != 1 ||
        SSL_CTX_add_client_CA(context, certificate.get()) != 1) {
      return invalid("client CA: rejected by OpenSSL: " + last_reason());
    }
  }
  return {};
}

// "requested" and "required" accept a certificate whoever signed it.
int accept_any(int, X509_STORE_CTX*) { return 1; }

Status configure_client_certificates(SSL_CTX* context, const TlsSettings& settings) {
  using enum ClientCertificate;
  constexpr int kRequired = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  if (settings.client_certificate != none) {
    // A resumed session would not look at the certificate again: it may have expired since.
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
  }
  switch (settings.client_certificate) {
    case none: SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr); return {};
    case requested: SSL_CTX_set_verify(context, SSL_VERIFY_PEER, accept_any); return {};
    case required: SSL_CTX_set_verify(context, kRequired, accept_any); return {};
    case verified_if_given: SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr); break;
    case verified: SSL_CTX_set_verify(context, kRequired, nullptr); break;
  }
  // Every certificate of the file is trusted by itself, an intermediate one too, as Go's servers do.
  X509_STORE_set_flags(SSL_CTX_get_cert_store(context), X509_V_FLAG_PARTIAL_CHAIN);
  return use_client_ca(context, settings.client_ca);
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ":") + name;
  return text;
}

Status choose_algorithms(SSL_CTX* context, const TlsSettings& settings) {
  SSL_CTX_set_max_proto_version(context, settings.allows_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  std::vector<std::string> suites;
  for (const std::string& name : settings.cipher_suites) {
    if (!is_cipher_suite(name)) return invalid("unknown cipher suite: " + name);
    if (!name.starts_with("TLS_AES_") && !name.starts_with("TLS_CHACHA20_"))  // of TLS 1.3, which are all allowed
      suites.emplace_back(OPENSSL_cipher_name(name.c_str()));
  }
  // With suites of TLS 1.3 alone there is none for TLS 1.2.
  const bool allows_1_2 = settings.allows_1_2 && (settings.cipher_suites.empty() || !suites.empty());
  if (!allows_1_2 && !settings.allows_1_3)
    return invalid("cipher_suites has none of TLS 1.2, the only allowed version");
  SSL_CTX_set_min_proto_version(context, allows_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION);
  if (SSL_CTX_set_cipher_list(context, suites.empty() ? kDefaultSuites : joined(suites).c_str()) != 1)
    return invalid("none of the cipher suites can be used: " + last_reason());
  std::vector<std::string> curves;
  for (const std::string& name : settings.curves) {
    const auto known = std::ranges::find(kCurves, name, &std::pair<std::string_view, const char*>::first);
    if (known == kCurves.end()) return invalid("unknown curve: " + name);
    curves.emplace_back(known->second);
  }
  if (!curves.empty() && SSL_CTX_set1_groups_list(context, joined(curves).c_str()) != 1)
    return invalid("the curves cannot be used: " + last_reason());
  return {};
}

std::string text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

// One subject alternative name, as an operator writes it; "" for kinds that are never allowed.
std::string name_text(const GENERAL_NAME& name) {
  switch (name.type) {
    case GEN_DNS: return text_of(name.d.dNSName);
    case GEN_EMAIL: return text_of(name.d.rfc822Name);
    case GEN_URI: return text_of(name.d.uniformResourceIdentifier);
    default: return "";
  }
}

// What the client has sent is read first: with bytes unread, the close would reset the connection and with it the
// answer.
void answer_plain_http(int socket) {
  std::array<char, 16u << 10> ignored;
  for (int i = 0; i < 4 && recv(socket, ignored.data(), ignored.size(), MSG_DONTWAIT) > 0; ++i) {
  }
  static_cast<void>(send(socket, kPlainHttpAnswer.data(), kPlainHttpAnswer.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
}

bool has_san(X509* certificate, const std::string& allowed) {
  if (X509_check_ip_asc(certificate, allowed.c_str(), 0) == 1) return true;
  auto* const names =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  bool is_found = false;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    is_found = is_found || name_text(*sk_GENERAL_NAME_value(names, i)) == allowed;
  }
  GENERAL_NAMES_free(names);
  return is_found && !allowed.empty();
}

}  // namespace

bool is_cipher_suite(std::string_view name) {
  for (const std::string_view insecure : {"_NULL_", "_anon_", "_EXPORT_"}) {
    if (name.find(insecure) != std::string_view::npos) return false;
  }
  const std::string known = OPENSSL_cipher_name(std::string(name).c_str());
  return known != "(NONE)";
}

bool is_curve(std::string_view name) {
  return std::ranges::any_of(kCurves, [name](const auto& curve) { return curve.first == name; });
}

Result<std::shared_ptr<const TlsContext>> TlsContext::make(const TlsSettings& settings) {
  ERR_clear_error();
  SSL_CTX* const raw = SSL_CTX_new(TLS_server_method());
  if (raw == nullptr) return fail(Code::internal, "TLS cannot be set up: " + last_reason());
  // Owns it from here on.
  const std::shared_ptr<TlsContext> context(new TlsContext(raw, settings.client_allowed_sans));
  // One record for each call: else a client that sends nothing but key updates would keep the thread.
  SSL_CTX_clear_mode(raw, SSL_MODE_AUTO_RETRY);
  // Read and write buffers of idle connections are given back. A body's end is known from its length, so a client that
  // closes without close_notify, as many do, has only closed.
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  if (settings.prefers_own_order) SSL_CTX_set_options(raw, SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Sessions are resumed by tickets, which the client keeps; a cache here would grow with the clients.
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  if (auto done = choose_algorithms(raw, settings); !done) return fail(done.error());
  if (auto done = use_certificates(raw, settings.certificates); !done) return fail(done.error());
  if (auto done = use_key(raw, settings.key); !done) return fail(done.error());
  if (auto done = configure_client_certificates(raw, settings); !done) return fail(done.error());
  return std::shared_ptr<const TlsContext>(context);
}

TlsContext::TlsContext(ssl_ctx_st* context, std::vector<std::string> allowed_sans)
    : context_(context), allowed_sans_(std::move(allowed_sans)) {}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, int socket)
    : context_(std::move(context)), session_(SSL_new(context_->context_)), socket_(socket) {
  if (session_ == nullptr || SSL_set_fd(session_, socket) != 1) std::abort();  // out of memory
  SSL_set_accept_state(session_);
}

TlsSession::~TlsSession() { SSL_free(session_); }

IoOutcome TlsSession::read(std::span<char> into) {
  if (has_failed_) return {.failed = true};
  ERR_clear_error();
  std::size_t bytes = 0;
  const int result = SSL_read_ex(session_, into.data(), into.size(), &bytes);
  const IoOutcome read = outcome(result, bytes);
  reads_without_data_ = read.would_block ? reads_without_data_ + 1 : 0;
  if (reads_without_data_ > kMaxReadsWithoutData) has_failed_ = true;
  return has_failed_ ? IoOutcome{.failed = true} : read;
}

IoOutcome TlsSession::write(std::string_view bytes) {
  if (has_failed_) return {.failed = true};
  ERR_clear_error();
  std::size_t written = 0;
  const int result = SSL_write_ex(session_, bytes.data(), bytes.size(), &written);
  return outcome(result, written);
}

IoOutcome TlsSession::outcome(int result, std::size_t bytes) {
  if (result == 1 && is_allowed_client()) return {.bytes = bytes};
  const int error = result == 1 ? SSL_ERROR_SSL : SSL_get_error(session_, result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return {.would_block = true};
  if (error == SSL_ERROR_ZERO_RETURN) return {};
  has_failed_ = true;
  if (error == SSL_ERROR_SSL && ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST) {
    answer_plain_http(socket_);
  }
  ERR_clear_error();
  return {.failed = true};
}

// Before the first byte is handed on, since only then the client's certificate is known.
bool TlsSession::is_allowed_client() {
  if (is_client_allowed_ || context_->allowed_sans_.empty()) return true;
  const Certificate certificate(SSL_get1_peer_certificate(session_));
  is_client_allowed_ = certificate && std::ranges::any_of(context_->allowed_sans_, [&](const std::string& allowed) {
                         return has_san(certificate.get(), allowed);
                       });
  return is_client_allowed_;
}

void TlsSession::close_notify() {
  if (has_failed_ || SSL_is_init_finished(session_) != 1) return;
  ERR_clear_error();
  SSL_shutdown(session_);
  ERR_clear_error();
}

}  // namespace base

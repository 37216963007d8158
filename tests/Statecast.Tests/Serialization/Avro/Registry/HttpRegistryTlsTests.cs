using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Statecast.Hosting;
using Statecast.Serialization.Avro.Registry;
using Statecast.Serialization.Avro.Registry.Http;
using Xunit;

namespace Statecast.Tests.Serialization.Avro.Registry;

/// <summary>TLS with an authority of one's own, and a certificate shown by the client.</summary>
public sealed class HttpRegistryTlsTests : IDisposable
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private readonly string _directory = Directory.CreateTempSubdirectory("statecast-test-").FullName;
    private readonly X509Certificate2 _authority = Authority("Statecast tests");

    [Fact]
    public async Task Own_authority_is_trusted_and_the_certificate_shown()
    {
        await using var server = new Server(Issue(_authority, "localhost"));
        var options = Options(server);
        using (var shown = Issue(_authority, "a client"))
            (options.ClientCertificateFile, options.ClientKeyFile, options.ClientKeyPassword) = Write(shown, "s3cr3t");
        Assert.Null(options.FindProblem());
        Assert.NotNull(await Find(options));
        Assert.Equal("CN=a client", server.Shown);
    }

    [Fact]
    public async Task Certificate_of_another_authority_is_refused()
    {
        using var other = Authority("Somebody else");
        await using var server = new Server(Issue(other, "localhost"));
        var failure = await Assert.ThrowsAsync<SchemaRegistryException>(() => Find(Options(server)));
        Assert.Contains("its certificate is trusted (CaCertificateFile)", failure.Message, StringComparison.Ordinal);
        Assert.False(server.WasAsked);
    }

    [Fact]
    public async Task Certificate_of_another_host_is_refused()
    {
        await using var server = new Server(Issue(_authority, "elsewhere"));
        await Assert.ThrowsAsync<SchemaRegistryException>(() => Find(Options(server)));
        Assert.False(server.WasAsked);
    }

    [Fact]
    public void File_that_is_no_certificate_is_named_without_its_password()
    {
        var file = Path.Combine(_directory, "empty.pem");
        File.WriteAllText(file, "nothing");
        var options = new SchemaRegistryOptions { Urls = { "https://localhost" }, CaCertificateFile = file };
        Assert.Contains(
            $"CaCertificateFile of the schema registry, '{file}'",
            Assert
                .Throws<SchemaRegistryException>(() => new HttpSchemaRegistry(options, TimeProvider.System, SystemEntropy.Instance))
                .Message,
            StringComparison.Ordinal
        );
        options.CaCertificateFile = null;
        using (var shown = Issue(_authority, "a client"))
            (options.ClientCertificateFile, options.ClientKeyFile, _) = Write(shown, "s3cr3t");
        options.ClientKeyPassword = "wr0ng";
        var refused = Assert.Throws<SchemaRegistryException>(() =>
            new HttpSchemaRegistry(options, TimeProvider.System, SystemEntropy.Instance)
        );
        Assert.Contains("ClientCertificateFile of the schema registry", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wr0ng", refused.ToString(), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static async Task<RegisteredSchema?> Find(SchemaRegistryOptions options)
    {
        using var registry = new HttpSchemaRegistry(options, TimeProvider.System, SystemEntropy.Instance);
        return await registry.FindAsync(SchemaId.Of(1), default);
    }

    private SchemaRegistryOptions Options(Server server)
    {
        var file = Path.Combine(_directory, "ca.pem");
        File.WriteAllText(file, _authority.ExportCertificatePem());
        return new()
        {
            Urls = { $"https://localhost:{server.Port}" },
            CaCertificateFile = file,
            Patience = TimeSpan.Zero,
        };
    }

    private (string Certificate, string Key, string Password) Write(X509Certificate2 certificate, string password)
    {
        var (file, key) = (Path.Combine(_directory, "client.pem"), Path.Combine(_directory, "client.key"));
        File.WriteAllText(file, certificate.ExportCertificatePem());
        using var secret = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(
            key,
            secret.ExportEncryptedPkcs8PrivateKeyPem(password, new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000))
        );
        return (file, key, password);
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(Now.AddDays(-1), Now.AddDays(1));
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name.Replace(' ', '-'));
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(authority, Now.AddHours(-1), Now.AddHours(1), [1, 2, 3, (byte)name.Length]);
        return issued.CopyWithPrivateKey(key);
    }

    /// <summary>Answers any request over TLS with one schema.</summary>
    private sealed class Server : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Task _serving;

        public Server(X509Certificate2 certificate)
        {
            _listener.Start();
            Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
            _serving = Task.Run(() => ServeAsync(certificate));
        }

        public int Port { get; }

        public string? Shown { get; private set; }

        public bool WasAsked { get; private set; }

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _serving;
        }

        private async Task ServeAsync(X509Certificate2 certificate)
        {
            using (certificate)
                while (true)
                    try
                    {
                        using var client = await _listener.AcceptTcpClientAsync();
                        await AnswerAsync(client, certificate);
                    }
                    catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
                    {
                        return;
                    }
                    // The client did not like the certificate.
                    catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException) { }
        }

        private async Task AnswerAsync(TcpClient client, X509Certificate2 certificate)
        {
            await using var tls = new SslStream(client.GetStream());
            await tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificate = certificate,
                    ClientCertificateRequired = true,
                    RemoteCertificateValidationCallback = (_, _, _, _) => true,
                }
            );
            var request = new byte[4096];
            WasAsked = await tls.ReadAsync(request) > 0;
            Shown = tls.RemoteCertificate?.Subject;
            const string body = "{\"schema\":\"\\\"int\\\"\"}";
            await tls.WriteAsync(
                Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}")
            );
        }
    }
}

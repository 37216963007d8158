using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Statecast.Integration.Tests.Sqlite;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>Certificates of a test run as PEM files: an authority, the broker's (for the host name <c>localhost</c> alone), a client's, and an authority that nobody uses.</summary>
internal sealed class KafkaCertificates : IDisposable
{
    private readonly TempDirectory _folder = new();

    public KafkaCertificates(string keyPassword)
    {
        using var authority = Authority("CN=test authority", out var key);
        using (key)
        {
            File.WriteAllText(Ca, authority.ExportCertificatePem());
            var (broker, brokerKey) = Issue("CN=broker", authority, host: "localhost");
            using (brokerKey)
                File.WriteAllText(Broker, $"{brokerKey.ExportPkcs8PrivateKeyPem()}\n{broker}\n");
            var (client, clientKey) = Issue("CN=orders", authority, host: null);
            using (clientKey)
            {
                File.WriteAllText(Client, client);
                var protection = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 10_000);
                File.WriteAllText(ClientKey, clientKey.ExportEncryptedPkcs8PrivateKeyPem(keyPassword, protection));
            }
        }
        using var other = Authority("CN=another authority", out var otherKey);
        otherKey.Dispose();
        File.WriteAllText(OtherCa, other.ExportCertificatePem());
    }

    /// <summary>The authority of both sides.</summary>
    public string Ca => _folder.File("ca.pem");

    /// <summary>An authority that signed nothing.</summary>
    public string OtherCa => _folder.File("other-ca.pem");

    /// <summary>The broker's key and certificate in one file.</summary>
    public string Broker => _folder.File("broker.pem");

    public string Client => _folder.File("client.pem");

    /// <summary>The client's key, under its password.</summary>
    public string ClientKey => _folder.File("client.key");

    public void Dispose() => _folder.Dispose();

    private static X509Certificate2 Authority(string name, out ECDsa key)
    {
        key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private static (string Certificate, ECDsa Key) Issue(string name, X509Certificate2 authority, string? host)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        if (host is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(host);
            request.CertificateExtensions.Add(names.Build());
        }
        using var issued = request.Create(
            authority,
            DateTimeOffset.UtcNow.AddHours(-1),
            DateTimeOffset.UtcNow.AddHours(12),
            RandomNumberGenerator.GetBytes(8)
        );
        return (issued.ExportCertificatePem(), key);
    }
}

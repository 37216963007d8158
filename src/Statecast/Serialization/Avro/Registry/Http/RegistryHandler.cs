using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Statecast.Serialization.Avro.Registry.Http;

/// <summary>The HTTP client's handler: TLS as the options say, and nothing that a registry has no need of.</summary>
internal static class RegistryHandler
{
    public static SocketsHttpHandler Make(SchemaRegistryOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            // Whoever answers must not choose who is asked next, nor get what authenticates us there.
            AllowAutoRedirect = false,
            UseCookies = false,
            // A packed answer of a few bytes could be of any length.
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = options.RequestTimeout,
            // Addresses behind a name change.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            SslOptions = Tls(options),
        };
        options.Adjust?.Invoke(handler);
        return handler;
    }

    private static SslClientAuthenticationOptions Tls(SchemaRegistryOptions options)
    {
        var tls = new SslClientAuthenticationOptions();
        if (options.CaCertificateFile is { } authorities)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            Read(nameof(options.CaCertificateFile), authorities, () => policy.CustomTrustStore.ImportFromPemFile(authorities));
            if (policy.CustomTrustStore.Count == 0)
                throw Unreadable(nameof(options.CaCertificateFile), authorities, null);
            tls.CertificateChainPolicy = policy;
        }
        if (options.ClientCertificateFile is { } shown)
            Read(nameof(options.ClientCertificateFile), shown, () => tls.ClientCertificateContext = Context(options, shown));
        return tls;
    }

    private static SslStreamCertificateContext Context(SchemaRegistryOptions options, string file)
    {
        using var pem = options.ClientKeyPassword is { } password
            ? X509Certificate2.CreateFromEncryptedPemFile(file, password, options.ClientKeyFile)
            : X509Certificate2.CreateFromPemFile(file, options.ClientKeyFile);
        // Windows takes no key that lives in memory alone.
        var certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(file);
        return SslStreamCertificateContext.Create(certificate, chain, offline: true);
    }

    private static void Read(string setting, string file, Action read)
    {
        try
        {
            read();
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw Unreadable(setting, file, e);
        }
    }

    private static SchemaRegistryException Unreadable(string setting, string file, Exception? inner) =>
        new(
            SchemaRegistryFault.Denied,
            $"{setting} of the schema registry, '{file}', cannot be used: a readable PEM file is expected, with a key that fits where one is needed.",
            inner
        );
}

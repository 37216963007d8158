using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Statecast.Transport;

namespace Statecast.RabbitMQ.Transport;

/// <summary>
/// Makes connections. What a promise depends on is set after the user's own settings: none recovers by itself, since who sends and who receives must know that
/// what was on its way is gone; host names are checked; deliveries are handed over one by one, since what several hand over comes in any order, and an
/// acknowledgement covers all that came before.
/// </summary>
internal sealed class RabbitConnections
{
    private readonly ConnectionFactory _factory;
    private readonly IReadOnlyList<AmqpTcpEndpoint> _endpoints;
    private readonly ILogger _logger;

    public RabbitConnections(RabbitMQOptions options, ILogger logger)
    {
        _logger = logger;
        var uri = new Uri(options.Uri);
        // A broker that is gone without a word is missed after two of them.
        _factory = new() { Uri = uri, RequestedHeartbeat = TimeSpan.FromSeconds(10) };
        (_factory.UserName, _factory.Password) = (
            options.Security.User ?? _factory.UserName,
            options.Security.Password ?? _factory.Password
        );
        if (uri.Scheme == "amqps")
            _factory.Ssl = SslOf(options.Security, uri.Host);
        if (options.Security.LoginByCertificate)
            _factory.AuthMechanisms = [new ExternalMechanismFactory()];
        options.Apply(_factory);
        _factory.AutomaticRecoveryEnabled = _factory.TopologyRecoveryEnabled = false;
        _factory.ConsumerDispatchConcurrency = 1;
        if (!options.Security.SkipHostNameCheck)
            _factory.Ssl.AcceptablePolicyErrors &= ~SslPolicyErrors.RemoteCertificateNameMismatch;
        _endpoints = [EndpointOf(uri.Host, _factory.Port), .. options.Hosts.Select(Parse)];
        var place = string.Join(", ", _endpoints.Select(e => $"{e.HostName}:{e.Port}"));
        Faults = new(place, _factory.UserName, _factory.VirtualHost);
    }

    public RabbitFaults Faults { get; }

    /// <summary>A connection that a broker took.</summary>
    /// <param name="who">Named in the broker's lists, for people.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="TransportException">None took it; the message says what mends it.</exception>
    public async Task<IConnection> ConnectAsync(string who, CancellationToken ct)
    {
        if (_factory.Ssl.Enabled && (_factory.Ssl.AcceptablePolicyErrors & SslPolicyErrors.RemoteCertificateNameMismatch) != 0)
            LogMessages.HostNamesUnchecked(_logger);
        try
        {
            return await _factory.CreateConnectionAsync(_endpoints, $"statecast {who}", ct).ConfigureAwait(false);
        }
        catch (Exception e) when (RabbitFaults.IsExpected(e) && !ct.IsCancellationRequested)
        {
            throw Faults.Explain(e, "connecting");
        }
    }

    /// <summary>Gives a connection up, without waiting for a broker that may be gone.</summary>
    public static async Task AbandonAsync(IConnection connection)
    {
        try
        {
            await connection.AbortAsync(TimeSpan.FromMilliseconds(200)).ConfigureAwait(false);
            await connection.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (RabbitFaults.IsExpected(e))
        {
            // It is gone, which is what was wanted.
        }
    }

    // Checked before: what it cannot be is refused with the other settings.
    private AmqpTcpEndpoint Parse(string host) =>
        RabbitMQHost.TryParse(host, out var read)
            ? EndpointOf(read.Name, read.Port ?? _factory.Port)
            : throw new ArgumentException("An entry of Hosts is no host.", nameof(host));

    private AmqpTcpEndpoint EndpointOf(string host, int port)
    {
        var ssl = _factory.Ssl;
        if (!ssl.Enabled)
            return new(host, port, ssl, _factory.MaxInboundMessageBodySize);
        // Each node has a certificate for its own name.
        var own = new SslOption(host, enabled: true)
        {
            AcceptablePolicyErrors = ssl.AcceptablePolicyErrors,
            Version = ssl.Version,
            Certs = ssl.Certs,
            CertificateValidationCallback = ssl.CertificateValidationCallback,
            CertificateSelectionCallback = ssl.CertificateSelectionCallback,
            CheckCertificateRevocation = ssl.CheckCertificateRevocation,
        };
        return new(host, port, own, _factory.MaxInboundMessageBodySize);
    }

    private static SslOption SslOf(RabbitMQSecurityOptions security, string host)
    {
        var ssl = new SslOption(host, enabled: true);
        if (security.SkipHostNameCheck)
            ssl.AcceptablePolicyErrors = SslPolicyErrors.RemoteCertificateNameMismatch;
        if (security.CertificateFile is { } certificate)
            ssl.Certs = [Load(certificate, security.KeyFile!, security.KeyPassword)];
        if (security.CaFile is { } ca)
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(ca);
            ssl.CertificateValidationCallback = (_, presented, sent, errors) =>
                IsOf(authorities, presented, sent, errors & ~ssl.AcceptablePolicyErrors);
        }
        return ssl;
    }

    private static X509Certificate2 Load(string certificate, string key, string? password)
    {
        using var read = password is null
            ? X509Certificate2.CreateFromPemFile(certificate, key)
            : X509Certificate2.CreateFromEncryptedPemFile(certificate, password, key);
        // Some platforms' TLS takes a key only from a store of its own form.
        return X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null);
    }

    // Only the authorities that were named count, whatever the system trusts.
    private static bool IsOf(X509Certificate2Collection authorities, X509Certificate? presented, X509Chain? sent, SslPolicyErrors errors)
    {
        if (presented is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0)
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        foreach (var element in sent?.ChainElements.AsEnumerable() ?? [])
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        using var certificate = X509CertificateLoader.LoadCertificate(presented.GetRawCertData());
        return chain.Build(certificate);
    }
}

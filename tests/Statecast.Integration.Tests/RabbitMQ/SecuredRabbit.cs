using Statecast.Integration.Tests.Kafka;
using Statecast.RabbitMQ;
using Xunit;

namespace Statecast.Integration.Tests.RabbitMQ;

/// <summary>A broker with TLS that wants a certificate of every client, on loopback; its certificate is for <c>localhost</c> alone.</summary>
public sealed class SecuredRabbit : IDisposable
{
    public const string Password = "correct-horse-battery";
    public const string KeyPassword = "staple-of-the-key";
    private RabbitBroker? _server;
    private KafkaCertificates? _certificates;

    internal KafkaCertificates Certificates => _certificates!;

    internal async Task<RabbitPlace> PlaceAsync()
    {
        RabbitFixture.RequireServer();
        _certificates ??= new(KeyPassword);
        _server ??= await RabbitBroker.StartAsync(Settings, "rabbitmq_auth_mechanism_ssl");
        return await RabbitPlace.MakeAsync(_server.Uri, _server.Management);
    }

    /// <summary>Options of a user who comes over TLS, with a certificate.</summary>
    internal RabbitMQOptions Options(RabbitPlace place, string? user, string host = "localhost", string password = Password)
    {
        var options = place.Options(o => o.Uri = $"amqps://{host}:{_server!.TlsPort}/{place.Name}");
        options.Security.CaFile = Certificates.Ca;
        (options.Security.CertificateFile, options.Security.KeyFile, options.Security.KeyPassword) = (
            Certificates.Client,
            Certificates.ClientKey,
            KeyPassword
        );
        if (user is null)
            options.Security.LoginByCertificate = true;
        else
            (options.Security.User, options.Security.Password) = (user, password);
        return options;
    }

    public void Dispose()
    {
        _server?.Dispose();
        _certificates?.Dispose();
    }

    private string Settings(RabbitBroker broker) =>
        $"""
            listeners.ssl.1 = 127.0.0.1:{broker.TlsPort}
            ssl_options.cacertfile = {Certificates.Ca}
            ssl_options.certfile = {Certificates.Broker}
            ssl_options.keyfile = {Certificates.Broker}
            ssl_options.verify = verify_peer
            ssl_options.fail_if_no_peer_cert = true
            auth_mechanisms.1 = PLAIN
            auth_mechanisms.2 = EXTERNAL
            ssl_cert_login_from = common_name

            """;
}

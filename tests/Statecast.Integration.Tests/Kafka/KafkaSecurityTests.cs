using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Statecast.Conformance.Transport;
using Statecast.Kafka;
using Statecast.Kafka.Transport;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>Encryption, login and rights on a real broker that trusts nobody. Whatever happens, no secret is logged or thrown.</summary>
[Collection(KafkaClusterCollection.Name)]
public sealed class KafkaSecurityTests(SecuredBroker broker) : IClassFixture<SecuredBroker>, IAsyncLifetime
{
    private const int Lanes = 4;
    private const int HostNamesUnchecked = 4105;
    private const int FewBrokers = 4113;
    private static readonly string Topic = ProbeContracts.Item.Destination;
    private readonly HeardLog _log = new();
    private readonly List<KafkaTransport> _made = [];
    private readonly List<Exception> _thrown = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await broker.EmptyAsync();

    [Theory]
    [InlineData(KafkaLogin.ScramSha256)]
    [InlineData(KafkaLogin.ScramSha512)]
    [InlineData(KafkaLogin.Plain)]
    public async Task Source_and_target_log_in_over_tls_with_the_rights_that_are_documented(KafkaLogin login)
    {
        await GrantSourceAsync("orders");
        await GrantTargetAsync("shipping");
        await using var sender = await SenderAsync(broker.Login("orders", login));
        await sender.SendAsync([Upsert("a", 1, "value")], Ct);
        await sender.SendHeartbeatAsync(Word(await sender.ReadEndsAsync(ProbeEvents.Lanes(), Ct), Time), Ct);
        await using var target = await TargetAsync(broker.Login("shipping", login));
        await target.Until(t => t.Words.Count == 1 && t.AtTail.Count == Lanes, Ct);
        Assert.Equal("value", target.Newest()["a"]);
        // Neither a group nor the cluster is among the rights. One broker holds one copy, which is told.
        Assert.DoesNotContain(_log.Lines, l => l.Level >= LogLevel.Warning && l.Id != FewBrokers);
    }

    [Fact]
    public async Task Client_certificate_is_who_the_service_is()
    {
        await GrantSourceAsync("CN=orders");
        await using var sender = await SenderAsync(Certified());
        await sender.SendAsync([Upsert("a", 1)], Ct);
        Assert.Equal(1, (await sender.ReadEndsAsync([LaneOf("a")], Ct))[0].Position);
    }

    [Fact]
    public async Task Broker_that_asks_for_a_certificate_lets_nobody_in_without_one()
    {
        var options = Certified();
        (options.Security.CertificateFile, options.Security.KeyFile, options.Security.KeyPassword) = (null, null, null);
        Says("set CertificateFile and KeyFile", await RefusedAsync(options));
    }

    [Fact]
    public async Task Plain_password_without_tls_is_for_this_machine_alone()
    {
        await GrantSourceAsync("orders");
        await using var sender = await SenderAsync(Open(broker.SaslOpen));
        await sender.SendAsync([Upsert("a", 1)], Ct);
        Assert.Equal(1, (await sender.ReadEndsAsync([LaneOf("a")], Ct))[0].Position);
        var refused = Assert.Throws<TransportException>(() => new KafkaTransport(Open("broker.example.org:9092")));
        Assert.Contains("Turn Tls on, or use ScramSha512", refused.Message, StringComparison.Ordinal);

        static KafkaOptions Open(string servers)
        {
            var options = new KafkaOptions { BootstrapServers = servers };
            (options.Security.Login, options.Security.User, options.Security.Password) = (
                KafkaLogin.Plain,
                "orders",
                SecuredBroker.Password
            );
            return options;
        }
    }

    [Fact]
    public async Task Wrong_password_is_refused_and_the_error_names_the_settings()
    {
        var text = await RefusedAsync(broker.Login("orders", password: "wrong-horse-battery"));
        Says("Check Security:Login, User and Password", text);
        Assert.DoesNotContain("wrong-horse-battery", text + string.Join('\n', _log.Lines.Select(l => l.Text)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Broker_of_an_unknown_authority_is_refused()
    {
        var options = broker.Login("orders");
        options.Security.CaFile = broker.Certificates.OtherCa;
        Says("Check Security:Tls and CaFile", await RefusedAsync(options));
    }

    [Fact]
    public async Task Broker_of_another_host_name_is_refused_unless_that_is_turned_off_which_warns()
    {
        await GrantSourceAsync("orders");
        Says("for the host name", await RefusedAsync(broker.Login("orders", servers: broker.SaslTlsByAddress)));
        Assert.DoesNotContain(_log.Lines, l => l.Id == HostNamesUnchecked);

        var options = broker.Login("orders", servers: broker.SaslTlsByAddress);
        options.Security.SkipHostNameCheck = true;
        await using var sender = await SenderAsync(options);
        Assert.Contains(_log.Lines, l => l is { Id: HostNamesUnchecked, Level: LogLevel.Warning });
    }

    [Fact]
    public async Task Host_names_that_are_not_checked_warn_where_tls_is_the_clients_own_setting_too()
    {
        await GrantSourceAsync("orders");
        var login = broker.Login("orders", servers: broker.SaslTlsByAddress);
        var options = new KafkaOptions { BootstrapServers = login.BootstrapServers };
        options.ConfigureAdmin(Set);
        options.ConfigureProducer(Set);
        options.ConfigureConsumer(Set);
        await using var sender = await SenderAsync(options);
        Assert.Contains(_log.Lines, l => l is { Id: HostNamesUnchecked, Level: LogLevel.Warning });

        void Set(ClientConfig config)
        {
            config.SecurityProtocol = SecurityProtocol.SaslSsl;
            config.SslCaLocation = login.Security.CaFile;
            config.SaslMechanism = SaslMechanism.ScramSha512;
            config.SaslUsername = login.Security.User;
            config.SaslPassword = login.Security.Password;
            config.SslEndpointIdentificationAlgorithm = SslEndpointIdentificationAlgorithm.None;
        }
    }

    [Theory]
    [InlineData(AclOperation.Create)]
    [InlineData(AclOperation.DescribeConfigs)]
    [InlineData(AclOperation.Read)]
    [InlineData(AclOperation.Write)]
    public async Task Source_that_lacks_a_right_is_told_which(AclOperation missing)
    {
        await broker.GrantAsync("orders", Topic, SourceRights.Where(r => r != missing));
        var text = await RefusedAsync(broker.Login("orders"));
        Says($"lacks the right {missing} on the topic '{Topic}", text);
        Says($"--add --allow-principal 'User:orders' --operation {missing} --topic {Topic}", text);
    }

    [Fact]
    public async Task Service_without_any_right_is_told_what_it_needs()
    {
        Says($"lacks the right Describe on the topic '{Topic}", await RefusedAsync(broker.Login("orders")));
        var target = await Assert.ThrowsAsync<TransportException>(async () => await TargetAsync(broker.Login("shipping")));
        Says($"lacks the right Describe on the topic '{Topic}'", Keep(target).Message);
    }

    [Fact]
    public async Task Source_that_may_not_write_any_more_is_told_so_with_every_send()
    {
        await GrantSourceAsync("orders");
        await using var sender = await SenderAsync(broker.Login("orders"));
        await broker.RevokeAsync("orders", Topic, AclOperation.Write);
        SendOutcome outcome;
        var revision = 0;
        // Brokers learn of a rule a moment after it was changed.
        do outcome = (await sender.SendAsync([Upsert("a", ++revision)], Ct))[0];
        while (outcome.Result == SendResult.Confirmed);
        Assert.Equal(SendResult.Failed, outcome.Result);
        Assert.Contains($"lacks the right Write on the topic '{Topic}'", outcome.Reason, StringComparison.Ordinal);

        await broker.GrantAsync("orders", Topic, AclOperation.Write);
        do outcome = (await sender.SendAsync([Upsert("a", ++revision)], Ct))[0];
        while (outcome.Result == SendResult.Failed);
        Assert.Equal(SendResult.Confirmed, outcome.Result);
    }

    [Theory]
    [InlineData(AclOperation.DescribeConfigs)]
    [InlineData(AclOperation.Read)]
    public async Task Target_that_lacks_a_right_is_told_which(AclOperation missing)
    {
        await GrantSourceAsync("orders");
        await using (var sender = await SenderAsync(broker.Login("orders")))
            await sender.SendAsync([Upsert("a", 1)], Ct);
        await broker.GrantAsync("shipping", Topic, TargetRights.Where(r => r != missing));
        var error = await Assert.ThrowsAsync<TransportException>(async () =>
        {
            await using var target = await TargetAsync(broker.Login("shipping"));
            await target.UntilTail(Lanes, Ct);
        });
        Says($"lacks the right {missing} on the topic '{Topic}", Keep(error).Message);
    }

    [Fact]
    public async Task Shared_target_that_may_not_join_its_group_is_told_so()
    {
        await GrantSourceAsync("orders");
        await using (await SenderAsync(broker.Login("orders"))) { }
        await GrantTargetAsync("shipping");
        var error = await Assert.ThrowsAsync<TransportException>(async () =>
        {
            await using var target = await TargetAsync(broker.Login("shipping"), shared: true);
            await target.UntilTail(Lanes, Ct);
        });
        Says("lacks the right Read on the group 'statecast-shipping'", Keep(error).Message);
    }

    [Fact]
    public async Task Secrets_are_not_logged_even_when_the_client_tells_all_it_knows()
    {
        var options = Certified();
        (options.Security.Login, options.Security.User, options.Security.Password) = (
            KafkaLogin.ScramSha512,
            "orders",
            SecuredBroker.Password
        );
        options.BootstrapServers = broker.SaslTls;
        options.ConfigureAdmin(c => c.Debug = "all");
        options.ConfigureProducer(c => c.Debug = "all");
        options.ConfigureConsumer(c => c.Debug = "all");
        await GrantSourceAsync("orders");
        await using (var sender = await SenderAsync(options))
            await sender.SendAsync([Upsert("a", 1)], Ct);
        // The client did tell of its settings, of which the user's name is one.
        Assert.Contains(_log.Lines, l => l.Text.Contains("sasl.username", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var transport in _made)
            await transport.DisposeAsync();
        var key = await File.ReadAllLinesAsync(broker.Certificates.ClientKey);
        var said = string.Join('\n', _log.Lines.Select(l => l.Text).Concat(_thrown.Select(e => e.ToString())));
        foreach (var secret in (string[])[SecuredBroker.Password, SecuredBroker.KeyPassword, key[1]])
            Assert.DoesNotContain(secret, said, StringComparison.Ordinal);
    }

    private static IReadOnlyList<AclOperation> SourceRights =>
        [AclOperation.Create, AclOperation.Describe, AclOperation.DescribeConfigs, AclOperation.Read, AclOperation.Write];

    private static IReadOnlyList<AclOperation> TargetRights => [AclOperation.Describe, AclOperation.DescribeConfigs, AclOperation.Read];

    private Task GrantSourceAsync(string user) => broker.GrantAsync(user, Topic, SourceRights);

    private Task GrantTargetAsync(string user) => broker.GrantAsync(user, Topic, TargetRights);

    private KafkaOptions Certified()
    {
        var options = new KafkaOptions { BootstrapServers = broker.MutualTls };
        options.Security.Tls = true;
        options.Security.CaFile = broker.Certificates.Ca;
        options.Security.CertificateFile = broker.Certificates.Client;
        options.Security.KeyFile = broker.Certificates.ClientKey;
        options.Security.KeyPassword = SecuredBroker.KeyPassword;
        return options;
    }

    /// <summary>A source cannot open its side; what it is told.</summary>
    private async Task<string> RefusedAsync(KafkaOptions options) =>
        Keep(await Assert.ThrowsAsync<TransportException>(async () => await SenderAsync(options))).Message;

    private void Says(string part, string message) =>
        Assert.True(
            message.Contains(part, StringComparison.Ordinal),
            $"'{part}' is not in: {message}\nLogged: {string.Join('\n', _log.Lines.Where(l => l.Level >= LogLevel.Warning).Select(l => l.Text))}"
        );

    private Exception Keep(Exception error)
    {
        _thrown.Add(error);
        return error;
    }

    private async Task<ITransportSender> SenderAsync(KafkaOptions options) =>
        await Make(options).OpenSenderAsync(new(Source, [new(ProbeContracts.Item, Lanes, "json")]), Ct);

    private async Task<ProbeTarget> TargetAsync(KafkaOptions options, bool shared = false) =>
        new(await Make(options).OpenReceiverAsync(new("shipping", null, ProbeContracts.Item) { Shared = shared }, Ct));

    private KafkaTransport Make(KafkaOptions options)
    {
        var transport = new KafkaTransport(options, logger: _log.For<KafkaTransport>());
        _made.Add(transport);
        return transport;
    }
}

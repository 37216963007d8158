using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Statecast.Conformance.Transport;
using Statecast.RabbitMQ;
using Statecast.RabbitMQ.Transport;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Integration.Tests.RabbitMQ;

/// <summary>Encryption, login and rights. Whatever happens, no secret is logged or thrown.</summary>
[Collection(RabbitBrokerCollection.Name)]
public sealed class RabbitSecurityTests(SecuredRabbit broker) : IClassFixture<SecuredRabbit>, IAsyncLifetime
{
    // As docs/rabbitmq.md has them, for the destination probe.item.v1 and the target shipping.
    private static readonly RabbitPlace.Rights Source = new(
        @"^probe\.item\.v1(\..*)?$",
        @"^(amq\.default|probe\.item\.v1(\..*)?)$",
        @"^probe\.item\.v1(\..*)?$"
    );
    private static readonly RabbitPlace.Rights Target = new(
        @"^probe\.item\.v1\.shipping\..*$",
        @"^probe\.item\.v1\.(asks|shipping\..*)$",
        @"^probe\.item\.v1(\.control|\.shipping\..*)?$"
    );
    private const int HostNamesUnchecked = 4210;
    private RabbitProbes? _probes;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private RabbitProbes Probes => _probes!;

    public async ValueTask InitializeAsync() => _probes = new(await broker.PlaceAsync());

    public ValueTask DisposeAsync() => _probes?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task Source_and_target_need_the_documented_rights_and_no_more()
    {
        await AddUserAsync("orders", Source);
        await AddUserAsync("shipping", Target);
        var orders = Probes.Carrier(broker.Options(Probes.Place, "orders"));
        var shipping = Probes.Carrier(broker.Options(Probes.Place, "shipping"));
        // The target first: it may make nothing of the source's, and waits.
        await using var target = new ProbeTarget(await shipping.OpenReceiverAsync(new("shipping", null, ProbeContracts.Item), Ct));
        await using var sender = await SenderAsync(orders);
        await target.Until(t => t.Open.Count == 1, Ct);
        var ask = orders.Requests.ReceiveAsync("probe.item.v1", Ct).AsTask();
        await shipping.Requests.AskAsync(new("probe.item.v1", ["a"]) { ReplyTo = target.Open.Values.Single().ReplyTo }, Ct);
        Assert.Equal(["a"], (await ask.WaitAsync(TimeSpan.FromSeconds(30), Ct)).Keys);
        await sender.SendAsync([Upsert("a", 1, "value", lanes: 1)], Ct);
        await target.Until(t => t.Received.Count == 1, Ct);

        // A target can neither publish states nor read another's queue.
        await using var intruder = await SenderOrErrorAsync(shipping);
        Assert.Contains("ACCESS_REFUSED", intruder.Error!.Message, StringComparison.Ordinal);
        Assert.Contains("Grant the right that is missing", intruder.Error.Message, StringComparison.Ordinal);
        await using var other = new ProbeTarget(await shipping.OpenReceiverAsync(new("payroll", null, ProbeContracts.Item), Ct));
        var error = await Assert.ThrowsAsync<TransportException>(() => other.Until(_ => false, Ct));
        Assert.Contains("ACCESS_REFUSED", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Target_cannot_speak_for_the_source_with_the_documented_rights()
    {
        await AddUserAsync("orders", Source);
        await AddUserAsync("shipping", Target);
        var orders = Probes.Carrier(broker.Options(Probes.Place, "orders"));
        await using var sender = await SenderAsync(orders);
        var names = RabbitProbes.Names;
        var own = names.Of("shipping", null);
        await using var connection = await new RabbitConnections(
            broker.Options(Probes.Place, "shipping"),
            NullLogger.Instance
        ).ConnectAsync("intrudes", Ct);
        // By itself, past the broker's own exchange, by a way between exchanges, and by letters that die.
        foreach (var key in (string[])[RabbitNames.MarkerKey, RabbitNames.LanesKey, RabbitNames.HelloKey])
            await BarredAsync(c => c.BasicPublishAsync(names.Control, key, "{}"u8.ToArray(), Ct).AsTask());
        await BarredAsync(c => c.BasicPublishAsync(names.Destination, "0", "{}"u8.ToArray(), Ct).AsTask());
        foreach (var queue in (string[])[names.Last, names.Requests, names.Targets])
            await BarredAsync(c => c.BasicPublishAsync("", queue, "{}"u8.ToArray(), Ct).AsTask());
        await BarredAsync(async c =>
        {
            await c.ExchangeDeclareAsync(own.Dead, ExchangeType.Direct, durable: true, cancellationToken: Ct);
            await c.ExchangeBindAsync(names.Control, own.Dead, RabbitNames.MarkerKey, cancellationToken: Ct);
        });
        foreach (var exchange in (string[])[names.Control, names.Destination, ""])
            await BarredAsync(c =>
                c.QueueDeclareAsync(
                    own.Queue(7),
                    arguments: new Dictionary<string, object?> { ["x-dead-letter-exchange"] = exchange },
                    cancellationToken: Ct
                )
            );
        await BarredAsync(c =>
            c.ExchangeDeclareAsync(
                $"{own.Prefix}.more",
                ExchangeType.Direct,
                arguments: new Dictionary<string, object?> { ["alternate-exchange"] = names.Control },
                cancellationToken: Ct
            )
        );
        foreach (var queue in (string[])[names.Last, names.Requests, names.Targets])
            await BarredAsync(c => c.QueueBindAsync(queue, own.Dead, "any", cancellationToken: Ct));

        async Task BarredAsync(Func<IChannel, Task> act)
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
            var ended = new TaskCompletionSource<ushort>(TaskCreationOptions.RunContinuationsAsynchronously);
            channel.ChannelShutdownAsync += (_, e) => Task.FromResult(ended.TrySetResult(e.ReplyCode));
            // A message is refused when it is there, not when it is sent.
            var error = await Record.ExceptionAsync(() => act(channel));
            Assert.True(error is null or OperationInterruptedException or AlreadyClosedException, error?.ToString());
            Assert.Equal(403, await ended.Task.WaitAsync(TimeSpan.FromSeconds(10), Ct));
        }
    }

    [Fact]
    public async Task Client_certificate_is_who_the_service_is()
    {
        await AddUserAsync("orders", Source);
        await using var sender = await SenderAsync(Probes.Carrier(broker.Options(Probes.Place, user: null)));
        Assert.All(await sender.SendAsync([Upsert("a", 1, lanes: 1)], Ct), o => Assert.Equal(SendResult.Confirmed, o.Result));
    }

    [Fact]
    public async Task Broker_that_asks_for_a_certificate_lets_nobody_in_without_one()
    {
        await AddUserAsync("orders", Source);
        var options = broker.Options(Probes.Place, "orders");
        (options.Security.CertificateFile, options.Security.KeyFile, options.Security.KeyPassword) = (null, null, null);
        await RefusedAsync(options);
    }

    [Fact]
    public async Task Wrong_password_is_refused_and_the_error_names_the_settings()
    {
        await AddUserAsync("orders", Source);
        var text = await RefusedAsync(broker.Options(Probes.Place, "orders", password: "wrong-horse-battery"));
        Assert.Contains("Check user and password of 'orders'", text, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "wrong-horse-battery",
            text + string.Join('\n', Probes.Log.Lines.Select(l => l.Text)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Broker_of_an_unknown_authority_is_refused()
    {
        var options = broker.Options(Probes.Place, "orders");
        options.Security.CaFile = broker.Certificates.OtherCa;
        Assert.Contains("Check Security:CaFile", await RefusedAsync(options), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Broker_of_another_host_name_is_refused_unless_that_is_turned_off_which_warns()
    {
        await AddUserAsync("orders", Source);
        Assert.Contains(
            "for the host name",
            await RefusedAsync(broker.Options(Probes.Place, "orders", host: "127.0.0.1")),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(Probes.Log.Lines, l => l.Id == HostNamesUnchecked);
        // The client's own settings cannot turn it off in silence.
        var sly = broker.Options(Probes.Place, "orders", host: "127.0.0.1");
        sly.ConfigureConnections(f => f.Ssl.AcceptablePolicyErrors = System.Net.Security.SslPolicyErrors.RemoteCertificateNameMismatch);
        await RefusedAsync(sly);

        var options = broker.Options(Probes.Place, "orders", host: "127.0.0.1");
        options.Security.SkipHostNameCheck = true;
        await using var sender = await SenderAsync(Probes.Carrier(options));
        Assert.Contains(Probes.Log.Lines, l => l is { Id: HostNamesUnchecked, Level: LogLevel.Warning });
    }

    [Fact]
    public async Task Virtual_host_that_is_not_there_is_named()
    {
        await AddUserAsync("orders", Source);
        var options = broker.Options(Probes.Place, "orders");
        options.Uri = options.Uri.Replace(Probes.Place.Name, "nowhere", StringComparison.Ordinal);
        Assert.Contains("'nowhere'", await RefusedAsync(options), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("amqp://orders:secret@broker.example.org", "write amqps://")]
    [InlineData("http://localhost", "name the broker")]
    [InlineData("", "name the broker")]
    public void Address_that_cannot_be_used_is_refused_with_what_mends_it(string uri, string reason)
    {
        var error = Assert.Throws<TransportException>(() => Probes.Carrier(new RabbitMQOptions { Uri = uri }));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    private Task AddUserAsync(string user, RabbitPlace.Rights rights) => Probes.Place.AddUserAsync(user, SecuredRabbit.Password, rights);

    private static async Task<ITransportSender> SenderAsync(ITransport carrier) =>
        await carrier.OpenSenderAsync(new(ProbeEvents.Source, [new(ProbeContracts.Item, 1, "json")]), Ct);

    private async Task<string> RefusedAsync(RabbitMQOptions options)
    {
        var error = await Assert.ThrowsAsync<TransportException>(() => SenderAsync(Probes.Carrier(options)));
        Assert.DoesNotContain(SecuredRabbit.Password, error.ToString(), StringComparison.Ordinal);
        return error.Message;
    }

    private static async Task<Attempt> SenderOrErrorAsync(ITransport carrier)
    {
        try
        {
            return new(await SenderAsync(carrier), null);
        }
        catch (TransportException e)
        {
            return new(null, e);
        }
    }

    private sealed record Attempt(ITransportSender? Sender, TransportException? Error) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Sender?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Statecast.Conformance.Transport;
using Statecast.Events;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Integration.Tests.Kafka;
using Statecast.RabbitMQ;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Integration.Tests.RabbitMQ;

/// <summary>A broker of the class's own, which its tests kill, restart and starve.</summary>
[Collection(RabbitBrokerCollection.Name)]
public sealed class RabbitBrokerTests(RabbitBrokerTests.Broker broker) : IClassFixture<RabbitBrokerTests.Broker>, IAsyncLifetime
{
    private const int Blocked = 4201;
    private RabbitProbes? _probes;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private RabbitProbes Probes => _probes!;

    public async ValueTask InitializeAsync() => _probes = new(await broker.PlaceAsync());

    public ValueTask DisposeAsync() => _probes?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task Broker_killed_under_load_loses_nothing_that_was_confirmed()
    {
        var sender = await Probes.SenderAsync(configure: o => o.DeliveryTimeout = TimeSpan.FromSeconds(3));
        await (await Probes.OpenTargetAsync()).DisposeAsync();
        await broker.SettleAsync();
        var newest = new ConcurrentDictionary<string, long>();
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var reader = ReadAsync(newest, reading.Token);
        var (sent, unknown) = (0L, 0);
        for (var round = 0; round < 2; round++)
        {
            await SendAsync(100);
            broker.Server.Kill();
            var sends = SendAsync(100);
            await broker.Server.StartAgainAsync();
            await sends;
        }
        await RabbitProbes.UntilAsync(() =>
            Task.FromResult(Enumerable.Range(0, 10).All(k => newest.GetValueOrDefault($"k{k}") == sent - (sent - k) % 10))
        );
        await reading.CancelAsync();
        await reader;
        Assert.True(unknown > 0, "No send met the dead broker: the test shows nothing.");

        async Task SendAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var number = ++sent;
                var (outcome, tries) = await RabbitProbes.UntilConfirmedAsync(sender, Upsert($"k{number % 10}", number, lanes: 1));
                Assert.False(outcome.IsUnrouted);
                unknown += tries - 1;
            }
        }
    }

    [Fact]
    public async Task Consumer_that_the_broker_cancels_in_flight_is_followed_by_another()
    {
        await using var pair = await RabbitPair.StartAsync(await broker.PlaceAsync());
        await FaultRounds.RunAsync(
            "RabbitMQ: a consumer cancelled by the broker with unacknowledged messages",
            gate: 20,
            async () =>
            {
                await pair.WriteAsync(60);
                await NotesShop.IdleAsync(pair.Source, pair.Target);
                var openings = pair.Received.Openings;
                await using (await pair.HoldTargetAsync())
                {
                    var before = pair.Sent.Confirmed;
                    await pair.WriteAsync(50);
                    await pair.UntilAsync(async () => pair.Unsent == 0 && await pair.Place.CountAsync(RabbitPair.Queue) == 0);
                    var held = pair.Sent.Confirmed - before;
                    Assert.InRange(held, 10, 50);
                    await pair.UntilAsync(async () => await pair.Place.UnacknowledgedAsync(RabbitPair.Queue) >= held);
                    // As where a queue's node goes: the reader is told, the queue is there, and what it holds it still has.
                    var told = await broker.Server.ControlAsync(
                        "eval",
                        "length([rabbit_channel:send_command(proplists:get_value(channel_pid, C), {'basic.cancel', proplists:get_value(consumer_tag, C), true}) "
                            + $"|| C <- rabbit_amqqueue:consumers_all(<<\"{pair.Place.Name}\">>), element(4, proplists:get_value(queue_name, C)) =:= <<\"{RabbitPair.Queue}\">>])."
                    );
                    Assert.Equal("1", told.Trim());
                    // More comes meanwhile.
                    await pair.WriteAsync(20);
                }
                await pair.UntilAsync(() => pair.Received.Openings > openings);
                await pair.UnderLoadAsync(() => Task.Delay(300, Ct));
                await pair.RequireAsync();
            }
        );
    }

    [Fact]
    public async Task Memory_alarm_is_said_as_such_and_ends_by_itself()
    {
        var sender = await Probes.SenderAsync(configure: o => o.DeliveryTimeout = TimeSpan.FromSeconds(3));
        var target = await Probes.OpenTargetAsync();
        await sender.SendAsync([Upsert("a", 1, lanes: 1)], Ct);
        await broker.Server.ControlAsync("set_vm_memory_high_watermark", "0.0000001");
        try
        {
            SendOutcome outcome = default;
            await RabbitProbes.UntilAsync(async () =>
            {
                outcome = (await sender.SendAsync([Upsert("a", 2, lanes: 1)], Ct))[0];
                return outcome.Reason?.Contains("takes nothing now", StringComparison.Ordinal) == true;
            });
            Assert.Equal(SendResult.Unknown, outcome.Result);
            Assert.Contains("vm_memory_high_watermark", outcome.Reason, StringComparison.Ordinal);
            Assert.Contains(Probes.Log.Lines, l => l is { Id: Blocked, Level: LogLevel.Warning });
            // Reading goes on: it has a connection of its own.
            await target.Until(t => t.Received.Count >= 1, Ct);
        }
        finally
        {
            await broker.Server.ControlAsync("set_vm_memory_high_watermark", "0.4");
        }
        await RabbitProbes.UntilConfirmedAsync(sender, Upsert("a", 3, lanes: 1));
        await target.Until(t => t.Events.Any(e => e.Revision.Number == 3), Ct);
    }

    [Fact]
    public async Task Target_that_opens_during_a_memory_alarm_reads_what_waits()
    {
        var sender = await Probes.SenderAsync(configure: o => o.DeliveryTimeout = TimeSpan.FromSeconds(3));
        await (await Probes.OpenTargetAsync()).DisposeAsync();
        await sender.SendAsync([.. Enumerable.Range(0, 50).Select(i => Upsert($"k{i}", 1, lanes: 1))], Ct);
        await broker.Server.ControlAsync("set_vm_memory_high_watermark", "0.0000001");
        try
        {
            await RabbitProbes.UntilAsync(async () =>
                (await sender.SendAsync([Upsert("later", 1, lanes: 1)], Ct))[0]
                    .Reason?.Contains("takes nothing now", StringComparison.Ordinal) == true
            );
            var target = await Probes.OpenTargetAsync();
            await target.Until(t => t.Newest().Count >= 50, Ct);
            await target.DisposeAsync();
            // What it acknowledged is heard too: nothing goes back.
            await Task.Delay(TimeSpan.FromSeconds(1), Ct);
            Assert.Equal(0u, await Probes.Place.CountAsync(RabbitProbes.TargetNames().Queue(0)));
        }
        finally
        {
            await broker.Server.ControlAsync("set_vm_memory_high_watermark", "0.4");
        }
    }

    [Fact]
    public async Task Stopped_broker_is_named_and_found_again()
    {
        var sender = await Probes.SenderAsync(configure: o => o.DeliveryTimeout = TimeSpan.FromSeconds(3));
        var target = await Probes.OpenTargetAsync();
        await broker.Server.StopAsync();
        var error = await Assert.ThrowsAsync<TransportException>(() => target.Until(_ => false, Ct));
        Assert.Contains("reading 'probe.item.v1.target' failed", error.Message, StringComparison.Ordinal);
        var outcomes = new List<SendOutcome>();
        for (var i = 0; i < 3; i++)
            outcomes.AddRange(await sender.SendAsync([Upsert("a", 1, lanes: 1)], Ct));
        Assert.All(outcomes, o => Assert.Equal(SendResult.Unknown, o.Result));
        Assert.Contains($"127.0.0.1:{broker.Server.Port}", outcomes[^1].Reason, StringComparison.Ordinal);
        Assert.Contains("Check that the broker runs", outcomes[^1].Reason, StringComparison.Ordinal);
        await Assert.ThrowsAsync<TransportException>(async () => await sender.ReadMarksAsync(ProbeEvents.Lanes(1), Ct));

        await broker.Server.StartAgainAsync();
        await RabbitProbes.UntilConfirmedAsync(sender, Upsert("a", 1, lanes: 1));
        Assert.NotEmpty(await sender.ReadMarksAsync(ProbeEvents.Lanes(1), Ct));
        var again = await Probes.OpenTargetAsync();
        await again.Until(t => t.Received.Count >= 1, Ct);
    }

    [Fact]
    public async Task Source_and_target_are_equal_after_the_broker_was_restarted_and_killed_under_load()
    {
        await using var pair = await RabbitPair.StartAsync(await broker.PlaceAsync());
        await FaultRounds.RunAsync(
            "RabbitMQ: the broker restarted, then killed (SIGKILL) and restarted, under load",
            gate: 3,
            async () =>
            {
                await pair.WriteAsync(60);
                // In this order: what was just declared is settled by the first.
                await DownAsync(broker.Server.StopAsync);
                await DownAsync(() =>
                {
                    broker.Server.Kill();
                    return Task.CompletedTask;
                });
                await pair.RequireAsync();
            }
        );

        async Task DownAsync(Func<Task> down)
        {
            var back = new Stopwatch();
            await pair.UnderLoadAsync(async () =>
            {
                var (confirmed, unknown) = (pair.Sent.Confirmed, pair.Sent.Unknown);
                await pair.UntilAsync(() => pair.Sent.Confirmed > confirmed + 20);
                await down();
                // What is written waits, and what was on its way is unknown.
                await pair.UntilAsync(() => pair.Unsent > 20 && pair.Sent.Unknown > unknown);
                await broker.Server.StartAgainAsync();
                back.Start();
                confirmed = pair.Sent.Confirmed;
                await pair.UntilAsync(() => pair.Sent.Confirmed > confirmed);
            });
            Assert.InRange(back.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(30));
        }
    }

    [Theory]
    [InlineData("a memory alarm", "set_vm_memory_high_watermark", "0.0000001", "0.4")]
    [InlineData("a disk that is full, by its alarm,", "set_disk_free_limit", "999999GB", "50MB")]
    public async Task Source_and_target_are_equal_after_alarms_under_load(string what, string setting, string low, string usual)
    {
        await using var pair = await RabbitPair.StartAsync(await broker.PlaceAsync());
        await FaultRounds.RunAsync(
            $"RabbitMQ: {what} under load",
            gate: 6,
            async () =>
            {
                await pair.WriteAsync(60);
                var said = Alarms();
                await pair.UnderLoadAsync(async () =>
                {
                    await broker.Server.ControlAsync(setting, low);
                    try
                    {
                        await pair.UntilAsync(() => pair.Unsent > 20 && Alarms() > said);
                    }
                    finally
                    {
                        await broker.Server.ControlAsync(setting, usual);
                    }
                    var confirmed = pair.Sent.Confirmed;
                    await pair.UntilAsync(() => pair.Sent.Confirmed > confirmed);
                });
                await pair.RequireAsync();
            }
        );

        int Alarms() => pair.Log.Lines.Count(l => l is { Id: Blocked, Level: LogLevel.Warning });
    }

    [Fact]
    public async Task Way_on_which_nothing_reaches_the_broker_for_a_while_loses_nothing()
    {
        var place = await broker.PlaceAsync();
        using var link = HeldLink.To(broker.Server.Port);
        await using var pair = await RabbitPair.StartAsync(place, o => o.Uri = Past(link, o.Uri));
        await FaultRounds.RunAsync(
            "RabbitMQ: what source and target send is held on its way past every deadline, then arrives",
            gate: 6,
            async () =>
            {
                await pair.WriteAsync(60);
                var unknown = pair.Sent.Unknown;
                await pair.UnderLoadAsync(async () =>
                {
                    link.Hold();
                    // Past the deadline of confirmations, and of the connections made anew meanwhile.
                    await pair.UntilAsync(() => pair.Unsent > 20 && pair.Sent.Unknown > unknown);
                    await Task.Delay(TimeSpan.FromSeconds(3), Ct);
                    link.Release();
                    var confirmed = pair.Sent.Confirmed;
                    await pair.UntilAsync(() => pair.Sent.Confirmed > confirmed + 20);
                });
                await pair.RequireAsync();
            }
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Exchange_that_is_cut_after_any_byte_hangs_nobody(bool ofAnswers)
    {
        // Somewhere in opening, declaring, sending, confirming and reading: both sides together take more bytes than the widest.
        const int Widest = 6_000;
        var round = 0;
        using var link = HeldLink.To(broker.Server.Port);
        await FaultRounds.RunAsync(
            ofAnswers
                ? "RabbitMQ: the connection cut after N bytes of the broker's answers"
                : "RabbitMQ: the connection cut after N bytes of what clients send",
            gate: 100,
            async () =>
            {
                var bytes = ++round * 2_477 % Widest;
                var number = round;
                link.CutAfter(bytes, ofAnswers);
                var began = Stopwatch.StartNew();
                await using var sender = await OpenedAsync(() => Probes.SenderAsync(configure: Configure));
                await RabbitProbes.UntilConfirmedAsync(sender, Upsert("a", number, lanes: 1));
                using var over = new CancellationTokenSource();
                var speaking = SpeakAsync(sender, over.Token);
                await RabbitProbes.UntilAsync(async () =>
                {
                    await using var target = await OpenedAsync(() => Probes.TargetAsync(configure: Configure));
                    try
                    {
                        await target.Until(t => t.Open.Count == 1, Ct);
                        await RabbitProbes.UntilConfirmedAsync(sender, Upsert("b", number, lanes: 1));
                        await target.Until(t => t.Events.Any(e => e.Key == "b" && e.Revision.Number == number), Ct);
                        return true;
                    }
                    catch (TransportException)
                    {
                        return false;
                    }
                });
                await over.CancelAsync();
                await speaking;
                Assert.False(link.WillCut, $"Nothing was cut after {bytes} bytes: the round shows nothing.");
                Assert.InRange(began.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(30));
            }
        );

        void Configure(RabbitMQOptions o) => (o.Uri, o.DeliveryTimeout) = (Past(link, o.Uri), TimeSpan.FromSeconds(3));

        // As a relay does: with its words a source finds that it hears nothing any more.
        static async Task SpeakAsync(ITransportSender sender, CancellationToken over)
        {
            for (var said = 0; !over.IsCancellationRequested; said++)
                try
                {
                    var ends = await sender.ReadEndsAsync(ProbeEvents.Lanes(1), Ct);
                    await sender.SendHeartbeatAsync(Word(ends, Time.AddSeconds(said)), Ct);
                    await Task.Delay(200, Ct);
                }
                catch (TransportException)
                {
                    await Task.Delay(50, Ct);
                }
        }

        // As the loops do.
        static async Task<T> OpenedAsync<T>(Func<Task<T>> open)
        {
            while (true)
                try
                {
                    return await open();
                }
                catch (TransportException)
                {
                    await Task.Delay(50, Ct);
                }
        }
    }

    private static string Past(HeldLink link, string address) =>
        new UriBuilder(address) { Port = link.Port }
            .Uri
            .AbsoluteUri;

    // As an apply loop does: what fails is opened anew.
    private async Task ReadAsync(ConcurrentDictionary<string, long> newest, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
            try
            {
                await using var receiver = await Probes.Carrier().OpenReceiverAsync(new("target", null, ProbeContracts.Item), ct);
                while (true)
                {
                    var delivery = await receiver.ReceiveAsync(50, ct);
                    foreach (var e in delivery.Batches.SelectMany(b => b.Events).Select(r => r.Event!))
                        newest.AddOrUpdate(e.Key, e.Revision.Number, (_, known) => Math.Max(known, e.Revision.Number));
                    await receiver.AcknowledgeAsync(delivery, ct);
                }
            }
            catch (TransportException)
            {
                await Task.Delay(50, CancellationToken.None);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested) { }
    }

    /// <summary>The broker.</summary>
    public sealed class Broker : IDisposable
    {
        private RabbitBroker? _server;

        internal RabbitBroker Server => _server!;

        internal async Task<RabbitPlace> PlaceAsync()
        {
            RabbitFixture.RequireServer();
            _server ??= await RabbitBroker.StartAsync();
            return await RabbitPlace.MakeAsync(_server.Uri, _server.Management);
        }

        /// <summary>
        /// Restarts it as an operator does: RabbitMQ 3.10 loses for good a quorum queue that was made within moments of a kill, which is not what these tests are about.
        /// </summary>
        internal async Task SettleAsync()
        {
            await Server.StopAsync();
            await Server.StartAgainAsync();
        }

        public void Dispose() => _server?.Dispose();
    }
}

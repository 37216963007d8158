using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Kafka;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>The way between the broker and both a source and its target: cut after any byte, and held in one direction.</summary>
[Collection(KafkaClusterCollection.Name)]
public sealed class KafkaCutTests(KafkaCutTests.Way way) : IClassFixture<KafkaCutTests.Way>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connection_that_is_cut_after_any_byte_hangs_nobody(bool ofAnswers)
    {
        // Spread over opening, which takes 10 to 25 KB of requests and 50 to 100 KB of answers, and over sending and reading; the load goes on until it came.
        var (widest, step) = ofAnswers ? (140_000, 53_557) : (40_000, 23_557);
        var broker = await way.BrokerAsync();
        var round = 0;
        await FaultRounds.RunAsync(
            ofAnswers
                ? "Kafka: the connection cut after N bytes of the broker's answers"
                : "Kafka: the connection cut after N bytes of what clients send",
            gate: 100,
            async () =>
            {
                var bytes = ++round * step % widest;
                broker.Link.CutAfter(bytes, ofAnswers);
                var began = Stopwatch.StartNew();
                await using var pair = await StartAsync(broker);
                var (opened, isOpening) = (began.Elapsed, !broker.Link.WillCut);
                await pair.UnderLoadAsync(async () =>
                {
                    // Asserted, not assumed: it was cut, and both sides went on.
                    await pair.UntilAsync(() => !broker.Link.WillCut);
                    var (confirmed, received) = (pair.Sent.Confirmed, pair.Received.Received);
                    await pair.UntilAsync(() => pair.Sent.Confirmed > confirmed + 20 && pair.Received.Received > received + 20);
                });
                // Enough that notes are removed as well.
                await pair.WriteAsync(40);
                await NotesShop.IdleAsync(pair.Source, pair.Target);
                Assert.InRange(began.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(30));
                TestContext.Current.TestOutputHelper?.WriteLine(
                    $"cut after {bytes} bytes, {(isOpening ? "in opening" : "under load")}; opened after {opened.TotalSeconds:f1} s, equal after {began.Elapsed.TotalSeconds:f1} s"
                );
                await pair.RequireAsync();
            }
        );
    }

    [Fact]
    public async Task Way_on_which_nothing_comes_through_in_one_direction_loses_nothing()
    {
        var broker = await way.BrokerAsync();
        var link = broker.Link;
        var kinds = new (string What, Action Hold, Action End)[]
        {
            ("what clients send is held, then arrives", link.Hold, link.Release),
            ("answers are held, then arrive", link.HoldAnswers, link.Release),
            ("what clients send is held, then lost", link.Hold, link.Lose),
            ("answers are held, then lost", link.HoldAnswers, link.Lose),
        };
        await using var pair = await StartAsync(broker);
        var round = 0;
        await FaultRounds.RunAsync(
            "Kafka: what source and target send, or what they are answered, held past every deadline, then arrives or is lost",
            gate: 6 * kinds.Length,
            always: kinds.Length,
            round: async () =>
            {
                var (what, hold, end) = kinds[round++ % kinds.Length];
                TestContext.Current.TestOutputHelper?.WriteLine(what);
                await pair.WriteAsync(40);
                var unknown = pair.Sent.Unknown;
                await pair.UnderLoadAsync(async () =>
                {
                    hold();
                    // What was on its way at that moment is through.
                    await Task.Delay(300, Ct);
                    var (since, received) = (DateTimeOffset.UtcNow, pair.Received.Received);
                    // Past the deadline of sends, and of the connections made anew meanwhile.
                    await pair.UntilAsync(() => pair.Unsent > 20 && pair.Sent.Unknown > unknown);
                    await Task.Delay(Deadline * 1.5, Ct);
                    // Asserted, not assumed: the target hears nothing either, and says no more than it knows.
                    Assert.Equal(received, pair.Received.Received);
                    var known = pair.Target.Services.GetRequiredService<IStatecast>().Replicas.Single().Freshness;
                    Assert.True(known.AsOf < since, $"The target vouches for {known.AsOf:o}, and has heard nothing since {since:o}.");
                    end();
                    var confirmed = pair.Sent.Confirmed;
                    await pair.UntilAsync(() => pair.Sent.Confirmed > confirmed + 20 && pair.Received.Received > received + 20);
                });
                await pair.RequireAsync();
            }
        );
    }

    // The clients' own: what hears nothing for so long is given up, and made anew.
    private static TimeSpan Deadline { get; } = TimeSpan.FromSeconds(1);

    private static Task<KafkaPair> StartAsync(HeldBroker broker) =>
        KafkaPair.StartAsync(broker.Servers, sender: broker.BehindLink, reader: broker.BehindLink, configure: Configure);

    private static void Configure(KafkaOptions options)
    {
        var timeout = (int)Deadline.TotalMilliseconds;
        options.DeliveryTimeout = Deadline;
        options.ConfigureProducer(c => c.SocketTimeoutMs = timeout);
        options.ConfigureConsumer(c => c.SocketTimeoutMs = timeout);
        options.ConfigureAdmin(c => c.SocketTimeoutMs = timeout);
    }

    /// <summary>The broker, and the link to it.</summary>
    public sealed class Way : IDisposable
    {
        private HeldBroker? _broker;

        internal async Task<HeldBroker> BrokerAsync() => _broker ??= await HeldBroker.StartAsync(KafkaFixture.Home);

        public void Dispose() => _broker?.Dispose();
    }
}

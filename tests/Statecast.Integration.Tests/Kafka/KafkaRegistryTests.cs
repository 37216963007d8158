using Microsoft.Extensions.DependencyInjection;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Integration.Tests.Registry;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>A real registry that is killed under a running source and target, and brought back.</summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaRegistryTests(KafkaFixture kafka)
{
    [Fact]
    public Task Registry_killed_under_load_stops_no_pair_and_keeps_newcomers_waiting() =>
        FaultRounds.RunAsync(
            "Kafka: the schema registry killed under load and brought back",
            gate: 3,
            async () =>
            {
                await using var registry = await RealRegistry.StartAsync();
                await using var pair = await KafkaPair.StartAsync(
                    await kafka.BrokerAsync(),
                    configure: o => o.Registry(registry.Url, r => (r.AutoRegister, r.Patience) = (true, TimeSpan.FromSeconds(1)))
                );
                await pair.WriteAsync(40);
                await NotesShop.IdleAsync(pair.Source, pair.Target);
                await registry.KillAsync();
                await pair.WriteAsync(80);
                await KafkaNotes.AssertEqualAsync(pair.Source, pair.Target);

                // One that knows no schema can read nothing, parks nothing, and says why.
                var waiting = await pair.StartTargetAsync("waiting.db");
                var status = waiting.Services.GetRequiredService<IStatecast>().Replicas[0];
                await NotesShop.UntilAsync(() => status.Failure?.Contains(registry.Url, StringComparison.Ordinal) == true);
                Assert.NotEqual(ReplicaState.Live, status.State);
                Assert.Equal(0, status.Parked);
                // Deletes need no schema.
                Assert.Equal(
                    0,
                    pair.Notes.Shop.Number("waiting.db", "SELECT count(*) FROM \"statecast_rows.e2e.note.v1\" WHERE NOT deleted")
                );
                await pair.WriteAsync(40);
                await registry.UpAsync();
                await KafkaNotes.AssertEqualAsync(pair.Source, waiting);
                await pair.RequireAsync();
            }
        );
}

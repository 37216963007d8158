using Microsoft.Extensions.Hosting;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Kafka;
using Statecast.Publishing;
using Statecast.Sqlite;
using Statecast.Transport.InProcess;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>
/// A compacted topic keeps a key's last record alone, so that a patch would take the place of the state it was made from. It is refused by what is configured,
/// before a broker is asked anything: there is none where these look for one.
/// </summary>
public sealed class KafkaPatchTests : IDisposable
{
    private const string NoBroker = "localhost:1";

    private NotesShop? _shop;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _shop?.Dispose();

    [Fact]
    public Task Patches_over_compacted_topics_are_refused_at_start() =>
        RefusedAsync(s => s.UseKafka(NoBroker).UseSqliteDatabase(), patched => patched);

    [Fact]
    public Task Patches_are_refused_where_only_one_of_the_carriers_compacts() =>
        RefusedAsync(s => s.UseInProcess().UseKafka(NoBroker).UseSqliteDatabase(), patched => patched.Via("in-process", "kafka"));

    private async Task RefusedAsync(
        Action<Statecast.Hosting.StatecastBuilder> carriers,
        Func<EfPublicationBuilder<Note, PageState>, EfPublicationBuilder<Note, PageState>> via
    )
    {
        _shop = new() { Carrier = carriers };
        using var source = await _shop.BuildSourceAsync(db => via(db.Publish<Note, PageState>(n => new(n.Id, n.Text, n.Mood)).Patches()));
        var error = await Assert.ThrowsAsync<SourceException>(() => source.StartAsync(Ct));
        Assert.Contains("'e2e.page' sends patches", error.Message, StringComparison.Ordinal);
        Assert.Contains("'kafka' does not take them", error.Message, StringComparison.Ordinal);
        // Why, and what mends it.
        Assert.Contains("last record", error.Message, StringComparison.Ordinal);
        Assert.Contains("Via", error.Message, StringComparison.Ordinal);
    }
}

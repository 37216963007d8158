using System.Diagnostics;
using Microsoft.Data.Sqlite;
using PackageCatalog.Reading;
using PackageCatalog.Running;
using PackageCatalog.Source;
using PackageCatalog.Verification;
using Statecast.Hosting;

namespace PackageCatalog;

/// <summary>One run: load, update, remove; then the proof.</summary>
internal sealed class CatalogRun(CatalogOptions options, CatalogFiles files, Progress progress, TimeProvider clock)
{
    public async Task<CatalogReport> PlayAsync(CancellationToken ct)
    {
        // Loading takes a while: that the updates cannot be read must not come out after it.
        await PackageIndex.CheckAsync(options.Packages, ct);
        if (options.Updates is { } later)
            await PackageIndex.CheckAsync(later, ct);
        var started = clock.GetTimestamp();
        var differences = new Differences();
        using var catalog = await CatalogService.StartAsync(files, new LineLoggerProvider(line => progress.Say($"! catalog: {line}")), ct);
        await using var search = await SearchProcess.StartAsync(files, line => progress.Say($"! search: {line}"), ct);
        progress.Say($"The search service runs in process {search.Id}, the catalogue in {Environment.ProcessId}.");

        var first = clock.GetTimestamp();
        var load = await WriteAsync(catalog, options.Packages, "Released", search, ct);
        var update = options.Updates is { } updates
            ? await WriteAsync(catalog, updates, "Updated", search, ct)
            : new(0, 0, 0, TimeSpan.Zero);
        var remove = await RemoveAsync(catalog, ct);
        await catalog.Services.GetRequiredService<IStatecast>().WhenIdleAsync(ct);
        await search.WhenIdleAsync(ct);
        var endToEnd = clock.GetElapsedTime(first);
        progress.Say("Everything is at rest; comparing.");

        var questions = await SearchCheck.RunAsync(catalog.Services, search, differences, ct);
        var status = await search.StatusAsync(ct);
        await search.StopAsync(ct);
        await catalog.StopAsync(ct);
        SqliteConnection.ClearAllPools();
        var changes = load.States + update.States + remove.States - load.Unchanged - update.Unchanged;
        var figures = await new FileComparison(files).RunAsync(changes, differences, ct);
        using var process = Process.GetCurrentProcess();
        return new()
        {
            Replica = figures,
            Differences = differences.Lines,
            Staleness = status.Staleness,
            Load = load,
            Update = update,
            Remove = remove,
            EndToEnd = endToEnd,
            Questions = questions,
            SourcePeakBytes = process.PeakWorkingSet64,
            SearchPeakBytes = status.PeakBytes,
            Elapsed = clock.GetElapsedTime(started),
        };
    }

    private async Task<Phase> WriteAsync(IHost catalog, string file, string cause, SearchProcess search, CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        var writer = new CatalogWriter(catalog.Services, options.Batch);
        await writer.WriteAsync(
            PackageIndex.ReadAsync(file, ct),
            cause,
            () =>
                progress.Pass(() =>
                    $"{cause}: {writer.States:N0} states saved, {writer.States / clock.GetElapsedTime(started).TotalSeconds:N0}/s"
                ),
            ct
        );
        var phase = new Phase(writer.States, writer.Updates, writer.Unchanged, clock.GetElapsedTime(started));
        var status = await search.StatusAsync(ct);
        progress.Say(
            $"{cause}: {phase.States:N0} states of {Path.GetFileName(file)} saved, {phase.Updates:N0} of packages known before, {phase.PerSecond:N0}/s; the search service has applied {status.Applied:N0} so far."
        );
        return phase;
    }

    private async Task<Phase> RemoveAsync(IHost catalog, CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        var removed = await new CatalogWriter(catalog.Services, options.Batch).RemoveSectionAsync(options.Remove, ct);
        progress.Say($"Removed: {removed:N0} packages of section {options.Remove}.");
        return new(removed, 0, 0, clock.GetElapsedTime(started));
    }
}

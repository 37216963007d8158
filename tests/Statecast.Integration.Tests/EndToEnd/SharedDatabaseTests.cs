using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Statecast.Contracts;
using Statecast.EntityFrameworkCore;
using Statecast.Hosting;
using Statecast.Integration.Tests.Explicit;
using Statecast.Publishing;
using Statecast.Replicas;
using Statecast.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>Two modules of one service, each with a context of its own on one database.</summary>
public sealed class SharedDatabaseTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public Task Modules_with_a_context_each_on_one_database_share_a_relay() => ServesBothAsync<LabelsDb>();

    // What each published is remembered under its source's name: the one that started last took the other for gone, whose replicas were never complete.
    [Fact]
    public Task Modules_whose_contexts_have_one_class_name_are_told_apart() => ServesBothAsync<LabelsModule.NotesDb>();

    [Fact]
    public async Task Sources_of_one_name_in_one_database_stop_the_start()
    {
        using var shop = new NotesShop();
        using var source = Build<LabelsDb>(
            shop,
            s =>
                s.FromConnection(
                    nameof(NotesDb),
                    _ => new SqliteConnection($"Data Source={shop.Database}"),
                    db => db.Publish(new ParcelRows()).MakeTables()
                )
        );
        await MakeAsync(source);

        var error = await Assert.ThrowsAsync<SourceException>(() => source.StartAsync(Ct));
        Assert.Contains("Two sources in one database are named 'NotesDb'", error.Message);
    }

    private static async Task ServesBothAsync<TLabels>()
        where TLabels : DbContext
    {
        using var shop = new NotesShop();
        using var source = Build<TLabels>(shop);
        await MakeAsync(source);
        await source.StartAsync(Ct);
        using var notes = await shop.StartTargetAsync<NoteState>("notes-replica.db");
        using var labels = await shop.StartTargetAsync<LabelState>("labels-replica.db");
        // What was there before, and what comes, of both.
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 2, Text = "note" }));
        await SaveAsync<TLabels>(source, db => db.Add(new Label { Id = 2, Text = "label" }));

        await NotesShop.IdleAsync(source, notes);
        await labels.Services.GetRequiredService<IStatecast>().WhenIdleAsync(Ct);
        var note = notes.Services.GetRequiredService<IReplica<int, NoteState>>();
        var label = labels.Services.GetRequiredService<IReplica<int, LabelState>>();
        Assert.Equal(["old note", "note"], [(await note.GetAsync(1, ct: Ct))?.Text, (await note.GetAsync(2, ct: Ct))?.Text]);
        Assert.Equal(["old label", "label"], [(await label.GetAsync(1, ct: Ct))?.Text, (await label.GetAsync(2, ct: Ct))?.Text]);

        foreach (var host in (IHost[])[source, notes, labels])
            await NotesShop.StopAsync(host);
    }

    private static IHost Build<TLabels>(NotesShop shop, Action<StatecastBuilder>? declare = null)
        where TLabels : DbContext
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Configuration["Statecast:Relay:HeartbeatInterval"] = shop.HeartbeatInterval;
        builder.Services.AddDbContext<NotesDb>(o => Use(o, shop));
        builder.Services.AddDbContext<TLabels>(o => Use(o, shop));
        builder.Services.AddStatecast(
            "modules",
            s => s.UseSqliteLog(shop.Log).FromDbContext<NotesDb>(db => db.Publish<Note, NoteState>(n => new(n.Id, n.Text)))
        );
        builder.Services.AddStatecast(
            "modules",
            s => s.FromDbContext<TLabels>(db => db.Publish<Label, LabelState>(l => new(l.Id, l.Text)))
        );
        if (declare is not null)
            builder.Services.AddStatecast("modules", declare);
        return builder.Build();
    }

    private static void Use(DbContextOptionsBuilder options, NotesShop shop) =>
        options
            .UseSqlite($"Data Source={shop.Database}")
            // This process starts many hosts with many kinds of publications; an application has one.
            .ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning));

    private static async Task MakeAsync(IHost source)
    {
        using var scope = source.Services.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<NotesDb>().Database;
        await db.EnsureCreatedAsync(Ct);
        await db.ExecuteSqlRawAsync(
            """
            CREATE TABLE Labels (Id INTEGER PRIMARY KEY, Text TEXT NOT NULL);
            INSERT INTO Labels VALUES (1, 'old label');
            INSERT INTO Notes (Id, Text) VALUES (1, 'old note') /* statecast:allow */
            """,
            Ct
        );
    }

    private static async Task SaveAsync<TLabels>(IHost source, Action<TLabels> change)
        where TLabels : DbContext
    {
        using var scope = source.Services.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<TLabels>();
        change(db);
        await db.SaveChangesAsync(Ct);
    }
}

[StateContract("e2e.label")]
public sealed partial record LabelState([StateKey] int Id, string Text);

public sealed class Label
{
    public int Id { get; set; }
    public string Text { get; set; } = "";
}

public sealed class LabelsDb(DbContextOptions<LabelsDb> options) : DbContext(options)
{
    public DbSet<Label> Labels => Set<Label>();

    protected override void OnModelCreating(ModelBuilder model) => model.AddStatecast();
}

public static class LabelsModule
{
    /// <summary>Another module's context, of the class name that <see cref="EndToEnd.NotesDb"/> has.</summary>
    public sealed class NotesDb(DbContextOptions<NotesDb> options) : DbContext(options)
    {
        public DbSet<Label> Labels => Set<Label>();

        protected override void OnModelCreating(ModelBuilder model) => model.AddStatecast();
    }
}

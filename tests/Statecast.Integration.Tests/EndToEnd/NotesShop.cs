using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Statecast.Contracts;
using Statecast.EntityFrameworkCore;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Hosting;
using Statecast.Integration.Tests.Sqlite;
using Statecast.Sqlite;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>A small source and its targets over one folder, each in a host of its own that a test starts, stops and starts again.</summary>
/// <param name="folder">Another process's folder, left to it; null makes one of its own, removed afterwards.</param>
internal sealed class NotesShop(string? folder = null) : IDisposable
{
    // Of waits for what comes within moments on a machine that is not busy.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);
    private readonly TempDirectory? _own = folder is null ? new() : null;

    public string Folder => folder ?? _own!.Path;

    public string Log => File("log");

    public string Database => File("notes.db");

    public string LeaseDuration { get; init; } = "00:00:03";

    public string DeliveryTimeout { get; init; } = "00:00:01";

    public string HeartbeatInterval { get; init; } = "00:00:00.050";

    /// <summary>The carrier of all hosts; null for the SQLite log in the folder.</summary>
    public Action<StatecastBuilder>? Carrier { get; init; }

    /// <summary>How long the source's commands wait for a lock, in seconds.</summary>
    public int Patience { get; init; } = 30;

    public string File(string name) => Path.Combine(Folder, name);

    public void Dispose() => _own?.Dispose();

    public async Task<IHost> StartSourceAsync(Action<EfSourceBuilder<NotesDb>>? publish = null, string service = "notes")
    {
        var host = await BuildSourceAsync(publish, service);
        await host.StartAsync();
        return host;
    }

    /// <summary>A source that captures but sends nothing: its host is not started.</summary>
    public async Task<IHost> BuildSourceAsync(Action<EfSourceBuilder<NotesDb>>? publish = null, string service = "notes")
    {
        var builder = Builder();
        builder.Services.AddDbContext<NotesDb>(o => // This process starts many hosts with many kinds of publications; an application has one.
            o.UseSqlite($"Data Source={Database};Default Timeout={Patience}")
                .ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning))
        );
        builder.Services.AddStatecast(
            service,
            s =>
            {
                Carry(s);
                s.FromDbContext(publish ?? (db => db.Publish<Note, NoteState>(n => new(n.Id, n.Text))));
            }
        );
        var host = builder.Build();
        using (var scope = host.Services.CreateScope())
            await scope.ServiceProvider.GetRequiredService<NotesDb>().Database.EnsureCreatedAsync();
        return host;
    }

    /// <summary>A number in one of the folder's files.</summary>
    public long Number(string file, string sql) => Convert.ToInt64(Scalar(file, sql), null);

    /// <summary>A text in one of the folder's files.</summary>
    public string Text(string file, string sql) => Convert.ToString(Scalar(file, sql), null)!;

    /// <summary>Changes one of the folder's files behind everyone's back.</summary>
    public void Change(string file, string sql) => Scalar(file, sql);

    /// <summary>Keeps everyone from writing to one of the folder's files until it is disposed.</summary>
    public async Task<IAsyncDisposable> HoldAsync(string file)
    {
        var connection = new SqliteConnection($"Data Source={File(file)};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    public async Task<IHost> StartTargetAsync<TState>(
        string file = "target.db",
        Action<ReplicaBuilder<TState>>? configure = null,
        string service = "reader",
        Action<IServiceCollection>? services = null
    )
        where TState : class, IStateContract<TState>
    {
        var builder = Builder();
        services?.Invoke(builder.Services);
        builder.Services.AddStatecast(
            service,
            s =>
            {
                Carry(s);
                s.Replica<TState>(r =>
                {
                    r.InSqlite(File(file));
                    configure?.Invoke(r);
                });
            }
        );
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    public static async Task SaveAsync(IHost source, Action<NotesDb> change)
    {
        using var scope = source.Services.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<NotesDb>();
        change(db);
        await db.SaveChangesAsync();
    }

    public static async Task StopAsync(IHost host)
    {
        await host.StopAsync();
        host.Dispose();
    }

    /// <summary>Waits until the source has sent all and the target holds it.</summary>
    public static async Task IdleAsync(IHost source, IHost target)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        await source.Services.GetRequiredService<IStatecast>().WhenIdleAsync(deadline.Token);
        await target.Services.GetRequiredService<IStatecast>().WhenIdleAsync(deadline.Token);
    }

    /// <summary>Waits for a condition that hosts bring about.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (!condition())
            await Task.Delay(5, deadline.Token);
    }

    private void Carry(StatecastBuilder statecast)
    {
        if (Carrier is null)
            statecast.UseSqliteLog(Log);
        else
            Carrier(statecast);
    }

    private object? Scalar(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File(file)};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private HostApplicationBuilder Builder()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Configuration["Statecast:Relay:HeartbeatInterval"] = HeartbeatInterval;
        builder.Configuration["Statecast:Relay:LeaseDuration"] = LeaseDuration;
        builder.Configuration["Statecast:Relay:DeliveryTimeout"] = DeliveryTimeout;
        return builder;
    }
}

public sealed class Note
{
    public int Id { get; set; }
    public string Text { get; set; } = "";
    public string? Mood { get; set; }
}

public sealed class NotesDb(DbContextOptions<NotesDb> options) : DbContext(options)
{
    public DbSet<Note> Notes => Set<Note>();

    protected override void OnModelCreating(ModelBuilder model) => model.AddStatecast();
}

[StateContract("e2e.note")]
public sealed partial record NoteState([property: StateKey] int Id, string Text);

// One contract's shapes over time, which an application never holds together.
#pragma warning disable STC1007
/// <summary>The same contract and major, one nullable field more.</summary>
[StateContract("e2e.note")]
public sealed partial record WiderNoteState([property: StateKey] int Id, string Text, string? Mood);

/// <summary>The same contract and major with a field renamed: neither shape reads the other.</summary>
[StateContract("e2e.note")]
public sealed partial record RenamedNoteState([property: StateKey] int Id, string Title);

/// <summary>The same contract and major with a field that nothing can fill: a break that should have been a new major.</summary>
[StateContract("e2e.note")]
public sealed partial record BrokenNoteState([property: StateKey] int Id, string Text, int Size);

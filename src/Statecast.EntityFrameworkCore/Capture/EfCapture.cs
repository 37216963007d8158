using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.EntityFrameworkCore.Shape;
using Statecast.Publishing;

namespace Statecast.EntityFrameworkCore.Capture;

/// <summary>What the contexts of one kind publish, and what they capture with. Shared by all of them; the shape is worked out once per model.</summary>
internal sealed class EfCapture
{
    private readonly ConditionalWeakTable<IModel, AggregateShape> _shapes = [];
    private readonly IReadOnlyList<IDatabaseAdapter> _adapters;
    private readonly IPublicationBinder _binder;

    public EfCapture(
        IReadOnlyList<EfPublication> publications,
        IReadOnlyList<IDatabaseAdapter> adapters,
        IPublicationBinder binder,
        StateCapture capture
    )
    {
        var twice = publications.GroupBy(p => p.Publication.Contract.Name).FirstOrDefault(g => g.Count() > 1);
        if (twice is not null)
            throw new SourceException(
                $"{twice.Key} is published {twice.Count()} times ({string.Join(", ", twice.Select(p => p.Publication.Contract.Destination))}). A contract has one publication. To write an older version beside the newer one, add .AlsoAs<TOlder>(…) to the newer one's publication, so that both have one revision."
            );
        Publications = publications;
        Capture = capture;
        _adapters = adapters;
        _binder = binder;
        Signature = string.Join('\n', publications.Select(p => p.Signature).Order(StringComparer.Ordinal));
    }

    public IReadOnlyList<EfPublication> Publications { get; }

    public StateCapture Capture { get; }

    /// <summary>Binds a publication at its first capture: an application may save before its host starts, and a design-time tool never does.</summary>
    public void RequireRoutes(Publication publication)
    {
        if (publication.Routes.Count == 0)
            _binder.Bind(publication);
    }

    /// <summary>
    /// Equal for captures that guard the same tables. EF Core caches what it compiled per signature; it must not count instances, or every host
    /// in a process (a test suite) would cost a service provider of EF Core's own.
    /// </summary>
    public string Signature { get; }

    public AggregateShape ShapeOf(IModel model) =>
        _shapes.TryGetValue(model, out var shape) ? shape : _shapes.GetValue(model, m => new(m, Publications));

    /// <summary>The adapter for a context's provider. A model belongs to one provider, and asking for the provider's name costs as much as a row read back.</summary>
    /// <exception cref="SourceException">There is none.</exception>
    public IDatabaseAdapter AdapterFor(DbContext context, AggregateShape shape) => shape.Adapter ??= Find(context.Database.ProviderName);

    private IDatabaseAdapter Find(string? provider)
    {
        foreach (var adapter in _adapters)
            if (adapter.ProviderName == provider)
                return adapter;
        var known = _adapters.Count == 0 ? "none is registered" : $"registered: {string.Join(", ", _adapters.Select(a => a.ProviderName))}";
        throw new SourceException($"No database adapter for the provider {provider ?? "(none)"} ({known}). {Advice(provider)}");
    }

    private static string Advice(string? provider) =>
        provider switch
        {
            "Microsoft.EntityFrameworkCore.Sqlite" => "Reference the package Statecast.Sqlite and call UseSqliteLog(…) in AddStatecast.",
            "Npgsql.EntityFrameworkCore.PostgreSQL" =>
                "Reference the package Statecast.PostgreSql and call UsePostgreSql() in AddStatecast.",
            _ => "Register an IDatabaseAdapter for it; SQLite has one in the package Statecast.Sqlite (UseSqliteLog).",
        };
}

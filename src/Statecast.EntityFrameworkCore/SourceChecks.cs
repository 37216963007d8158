using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Statecast.EntityFrameworkCore.Capture;
using Statecast.Outbox;
using Statecast.Publishing;

namespace Statecast.EntityFrameworkCore;

/// <summary>What is checked of a context before anything is published. Everything found is said at once.</summary>
internal static class SourceChecks
{
    /// <exception cref="SourceException">Something is not as it must be.</exception>
    public static void Check(DbContext context, EfCapture capture)
    {
        var problems = new List<string>();
        var database = context.GetService<IDatabase>();
        if (database is not CapturingDatabase)
            problems.Add(
                context.GetService<IDbContextOptions>().FindExtension<StatecastOptionsExtension>() is null
                    ? "its options do not have UseStatecast(…), so its saves are not captured"
                    : $"its IDatabase was replaced by {database.GetType().Name}, so its saves are not captured. Remove that ReplaceService call"
            );
        foreach (var table in TableLayout.Tables)
            if (context.Model.FindEntityType(table.Name) is null)
            {
                problems.Add(
                    $"its model has no {table.Name}. Add modelBuilder.AddStatecast() at the end of OnModelCreating, and a migration"
                );
                break;
            }
        var shape = capture.ShapeOf(context.Model);
        problems.AddRange(shape.Findings);
        if (problems.Count == 0)
            foreach (var publication in shape.Publications)
                CheckQueries(context, publication, problems);
        if (problems.Count > 0)
            throw new SourceException(
                $"{context.GetType().Name} cannot publish:{string.Concat(problems.Select(p => $"{Environment.NewLine}- {p}"))}"
            );
    }

    private static void CheckQueries(DbContext context, Shape.BoundPublication publication, List<string> problems)
    {
        foreach (var step in publication.Plan.Cascades.Steps)
            CheckCascade(context, publication, step, problems);
        try
        {
            publication.CheckQueries(context);
            CommittedParents.Check(context, publication.Plan);
            ParentLookup.Check(context, publication.Plan);
        }
        catch (Exception failure) when (failure is InvalidOperationException or NotSupportedException)
        {
            problems.Add(
                $"{publication.Publication.Publication.Contract.Name}: the provider cannot find or read back {publication.Plan.Root.ShortName()} by its keys: {failure.Message}"
            );
        }
    }

    private static void CheckCascade(DbContext context, Shape.BoundPublication publication, Shape.CascadeStep step, List<string> problems)
    {
        try
        {
            CascadedRows.Check(context, step);
        }
        catch (Exception failure) when (failure is InvalidOperationException or NotSupportedException)
        {
            problems.Add(
                $"{publication.Publication.Publication.Contract.Name}: The database cascades from {step.Described}, and the provider cannot ask which rows that reaches: {failure.Message} Use DeleteBehavior.Restrict, or say AcceptCascadeFrom<{step.Key.PrincipalEntityType.ShortName()}>()."
            );
        }
    }
}

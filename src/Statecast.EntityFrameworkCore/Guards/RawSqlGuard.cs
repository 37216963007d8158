using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Statecast.EntityFrameworkCore.Shape;

namespace Statecast.EntityFrameworkCore.Guards;

/// <summary>
/// Refuses raw SQL through EF Core (ExecuteSql, FromSql, SqlQuery) that writes a published table. Reads and migrations pass.
/// A look at the text, not a parser: where the target cannot be told it refuses, and the comment says otherwise.
/// </summary>
internal static partial class RawSqlGuard
{
    private static readonly ConditionalWeakTable<AggregateShape, Names> KnownNames = [];

    /// <exception cref="InvalidOperationException">The text writes a published table and does not say that it may.</exception>
    public static void Check(string sql, DbContext? context)
    {
        if (!Write().IsMatch(sql) || sql.Contains(UncapturedExtensions.Tag, StringComparison.Ordinal))
            return;
        if (PublishedTables.ShapeOf(context) is not { } shape)
            return;
        var names = KnownNames.GetValue(shape, s => new(s, context!.Model));
        if (names.WrittenIn(sql) is { } table)
            throw new InvalidOperationException(
                $"Raw SQL writes the published table {table}, which is not captured: targets would not learn of the change. Change the rows through SaveChanges; or put the comment /* {UncapturedExtensions.Tag} */ into the text and republish what it changed (IStatecast.RepublishAsync)."
            );
    }

    [GeneratedRegex(
        """(?<!\bFOR\s+(?:NO\s+KEY\s+)?)\bUPDATE\b|\b(?:INSERT|DELETE|MERGE|TRUNCATE)\b|\bREPLACE\s+INTO\b""",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Write();

    /// <summary>The word after the verb, with its schema; no table for the DO UPDATE of an upsert, whose target was named before.</summary>
    [GeneratedRegex(
        """\bDO\s+UPDATE\b|(?:\b(?:INSERT|REPLACE|MERGE)(?:\s+OR\s+\w+)?\s+INTO|\bDELETE\s+FROM(?:\s+ONLY)?|(?<!\bFOR\s+(?:NO\s+KEY\s+)?|\bDO\s+)\bUPDATE(?:\s+OR\s+\w+)?(?:\s+ONLY)?|\bTRUNCATE(?:\s+TABLE)?)\s+(?:["`\[]?\w+["`\]]?\s*\.\s*)*["`\[]?(?<table>\w+)""",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Target();

    private sealed class Names
    {
        private readonly HashSet<string> _published = new(StringComparer.OrdinalIgnoreCase);
        private readonly HashSet<string> _others = new(StringComparer.OrdinalIgnoreCase);
        private readonly Regex _anyPublished;

        public Names(AggregateShape shape, IModel model)
        {
            foreach (var type in model.GetEntityTypes())
                if (type.GetTableName() is { } table)
                    (shape.Publishes(type) ? _published : _others).Add(table);
            _others.ExceptWith(_published);
            var any = _published.Count == 0 ? "(?!)" : string.Join('|', _published.Select(Regex.Escape));
            _anyPublished = new($@"\b(?:{any})\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
        }

        public string? WrittenIn(string sql)
        {
            var targets = Target().Matches(sql);
            var allKnown = targets.Any(t => t.Groups["table"].Success);
            foreach (var table in targets.Select(t => t.Groups["table"]).Where(t => t.Success))
            {
                if (_published.Contains(table.Value))
                    return table.Value;
                allKnown &= _others.Contains(table.Value);
            }
            // One known target says nothing about the text's other statements.
            allKnown &= Write().Matches(sql).All(v => targets.Any(t => t.Index <= v.Index && v.Index < t.Index + t.Length));
            // An alias, or a dialect's own way of naming the target: then the mention of a published table is enough.
            return allKnown ? null
                : _anyPublished.Match(sql) is { Success: true } mention ? mention.Value
                : null;
        }
    }
}

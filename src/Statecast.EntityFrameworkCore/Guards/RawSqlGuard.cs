using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Statecast.EntityFrameworkCore.Shape;

namespace Statecast.EntityFrameworkCore.Guards;

/// <summary>
/// Refuses raw SQL through EF Core (ExecuteSql, FromSql, SqlQuery) that writes a published table, or deletes from one whose deletions the database cascades
/// into a published one. Reads and migrations pass.
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
        sql = WithoutTexts(sql);
        if (!Write().IsMatch(sql))
            return;
        if (PublishedTables.ShapeOf(context) is not { } shape)
            return;
        var names = KnownNames.GetValue(shape, s => new(s, context!.Model));
        if (names.WrittenIn(sql) is { } write)
            throw new InvalidOperationException(
                $"Raw SQL {write}, which is not captured: targets would not learn of the change. Change the rows through SaveChanges; or put the comment /* {UncapturedExtensions.Tag} */ into the text and republish what it changed (IStatecast.RepublishAsync)."
            );
    }

    // What stands in a text or a comment writes nothing. A backslash may escape a quote, or not, as the dialect has it: then all of it is looked at.
    private static string WithoutTexts(string sql) =>
        sql.Contains('\\')
            ? sql
            : TextOrComment()
                .Replace(
                    sql,
                    found =>
                        found.Value[0] switch
                        {
                            '\'' => "''",
                            '-' or '/' => " ",
                            _ => found.Value,
                        }
                );

    /// <summary>A text, a comment, or a quoted name, which may hold the marks of both.</summary>
    [GeneratedRegex("""'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|"[^"]*"|`[^`]*`|\[[^\]]*\]""", RegexOptions.Singleline)]
    private static partial Regex TextOrComment();

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

    [GeneratedRegex("""\b(?:DELETE|MERGE|TRUNCATE|REPLACE)\b""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Deleting();

    private sealed class Names
    {
        private readonly HashSet<string> _published = new(StringComparer.OrdinalIgnoreCase);
        private readonly HashSet<string> _cascading = new(StringComparer.OrdinalIgnoreCase);
        private readonly HashSet<string> _others = new(StringComparer.OrdinalIgnoreCase);
        private readonly Regex _anyPublished;
        private readonly Regex _anyCascading;

        public Names(AggregateShape shape, IModel model)
        {
            foreach (var type in model.GetEntityTypes())
                if (type.GetTableName() is { } table)
                {
                    (shape.Publishes(type) ? _published : _others).Add(table);
                    if (shape.DeclaredCascadeFrom(type) is not null)
                        _cascading.Add(table);
                }
            _others.ExceptWith(_published);
            _anyPublished = AnyOf(_published);
            _anyCascading = AnyOf(_cascading);
        }

        /// <summary>What the text does that it may not; null if it may.</summary>
        public string? WrittenIn(string sql)
        {
            var targets = Target().Matches(sql);
            var allKnown = targets.Any(t => t.Groups["table"].Success);
            foreach (var target in targets.Where(t => t.Groups["table"].Success))
            {
                var table = target.Groups["table"].Value;
                if (_published.Contains(table))
                    return Writes(table);
                if (_cascading.Contains(table) && Deleting().IsMatch(target.Value))
                    return Deletes(table);
                allKnown &= _others.Contains(table);
            }
            // One known target says nothing about the text's other statements.
            allKnown &= Write().Matches(sql).All(v => targets.Any(t => t.Index <= v.Index && v.Index < t.Index + t.Length));
            // An alias, or a dialect's own way of naming the target: then the mention of a published table is enough.
            return allKnown ? null
                : _anyPublished.Match(sql) is { Success: true } mention ? Writes(mention.Value)
                : Deleting().IsMatch(sql) && _anyCascading.Match(sql) is { Success: true } start ? Deletes(start.Value)
                : null;
        }

        private static string Writes(string table) => $"writes the published table {table}";

        private static string Deletes(string table) => $"deletes from {table}, from where the database cascades into a published table";

        private static Regex AnyOf(IReadOnlyCollection<string> tables)
        {
            var any = tables.Count == 0 ? "(?!)" : string.Join('|', tables.Select(Regex.Escape));
            return new($@"\b(?:{any})\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
        }
    }
}

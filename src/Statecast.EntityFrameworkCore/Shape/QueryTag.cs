using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;

namespace Statecast.EntityFrameworkCore.Shape;

/// <summary>Finds a tag in a query: seen in the database's own log too, and by what compiles it.</summary>
internal sealed class QueryTag : ExpressionVisitor
{
    /// <summary>The tag of the queries that read aggregates back.</summary>
    public const string ReadBack = "Statecast: read back for capture";

    private readonly string _tag;
    private bool _found;

    private QueryTag(string tag) => _tag = tag;

    public static bool IsOn(Expression query, string tag)
    {
        var finder = new QueryTag(tag);
        finder.Visit(query);
        return finder._found;
    }

    protected override Expression VisitMethodCall(MethodCallExpression node)
    {
        if (
            node.Method.Name == nameof(EntityFrameworkQueryableExtensions.TagWith)
            && node.Arguments[1] is ConstantExpression { Value: string tag }
        )
            _found |= tag == _tag;
        return base.VisitMethodCall(node);
    }
}

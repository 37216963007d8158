using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;

namespace Statecast.EntityFrameworkCore.Shape;

/// <summary>The tag of the queries that read aggregates back: seen in the database's own log, and by what compiles them.</summary>
internal sealed class ReadBackTag : ExpressionVisitor
{
    public const string Text = "Statecast: read back for capture";

    private bool _found;

    public static bool IsOn(Expression query)
    {
        var finder = new ReadBackTag();
        finder.Visit(query);
        return finder._found;
    }

    protected override Expression VisitMethodCall(MethodCallExpression node)
    {
        if (
            node.Method.Name == nameof(EntityFrameworkQueryableExtensions.TagWith)
            && node.Arguments[1] is ConstantExpression { Value: Text }
        )
            _found = true;
        return base.VisitMethodCall(node);
    }
}
